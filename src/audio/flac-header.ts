import { crc8 } from "./crc.js";

/** A frame's header is no longer than this [bytes]. */
export const MAX_FRAME_HEADER_BYTES = 16;

/** How two channels were coded. */
export type FlacStereo = "independent" | "left-side" | "side-right" | "mid-side";

/** What the header of a FLAC frame says; null where it leaves a value to STREAMINFO. */
export interface FlacFrameHeader {
  readonly length: number;
  readonly blockSize: number;
  readonly sampleRate: number | null;
  readonly channels: number;
  readonly stereo: FlacStereo;
  readonly bits: number | null;
  /** The number of the frame's first sample if block sizes vary, else of the frame. */
  readonly number: number;
  readonly isVariable: boolean;
}

const SAMPLE_RATES = [null, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000];
const BITS = [null, 8, 12, undefined, 16, 20, 24, 32];
const STEREO: readonly FlacStereo[] = ["left-side", "side-right", "mid-side"];

/**
 * Reads the frame header that `bytes` begin with; null if they do not, or its checksum does not match.
 * Reference: RFC 9639, section 9.1
 */
export function readFrameHeader(bytes: Uint8Array): FlacFrameHeader | null {
  if (bytes[0] !== 0xff || (bytes[1] & 0xfe) !== 0xf8 || (bytes[3] & 1) !== 0) return null;
  const [sizeCode, rateCode] = [bytes[2] >> 4, bytes[2] & 15];
  const [channelCode, bitsCode] = [bytes[3] >> 4, bytes[3] >> 1];
  const bits = BITS[bitsCode & 7];
  if (sizeCode === 0 || rateCode === 15 || channelCode > 10 || bits === undefined) return null;

  let end = 4;
  const first = bytes[end++];
  const nMore = first < 0x80 ? 0 : Math.clz32(~(first << 24)) - 1; // as in UTF-8, up to 36 bits
  if (first >= 0x80 && (nMore < 1 || nMore > 6)) return null;
  let number = nMore === 0 ? first : first & (2 ** (6 - nMore) - 1);
  for (let i = 0; i < nMore; i++) {
    const byte = bytes[end++];
    if ((byte & 0xc0) !== 0x80) return null;
    number = number * 64 + (byte & 63);
  }
  const read8 = () => bytes[end++];
  const read16 = () => bytes[end++] * 256 + bytes[end++];

  const blockSize = blockSizeOf(sizeCode, read8, read16);
  let sampleRate: number | null;
  if (rateCode < 12) sampleRate = SAMPLE_RATES[rateCode];
  else sampleRate = rateCode === 12 ? read8() * 1000 : read16() * (rateCode === 13 ? 1 : 10);

  end++;
  if (crc8(bytes.subarray(0, end)) !== 0) return null;
  return {
    length: end,
    blockSize,
    sampleRate,
    channels: channelCode < 8 ? channelCode + 1 : 2,
    stereo: channelCode < 8 ? "independent" : STEREO[channelCode - 8],
    bits,
    number,
    isVariable: (bytes[1] & 1) === 1,
  };
}

function blockSizeOf(code: number, read8: () => number, read16: () => number): number {
  if (code === 1) return 192;
  if (code < 6) return 576 * 2 ** (code - 2);
  if (code === 6) return read8() + 1;
  if (code === 7) return read16() + 1;
  return 2 ** code;
}
