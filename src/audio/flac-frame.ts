import { BitReader } from "./bit-reader.js";
import { crc16 } from "./crc.js";
import type { FlacFrameHeader } from "./flac-header.js";
import { decodeSubframe, type IntegerSamples } from "./flac-subframe.js";

/** Upper bound of a frame's length [bytes]: encoders store samples plainly where coding would not make them shorter. */
export function maxFrameBytes({ blockSize, channels }: FlacFrameHeader, bits: number): number {
  return Math.ceil((blockSize * channels * (bits + 1) * 1.25) / 8) + 1024;
}

/**
 * Decodes the frame that `bytes` begin with into `samples`, an array for each channel.
 * @param bits of a sample
 * @returns the frame's length in bytes; null if it is malformed, incomplete, or does not match its checksum
 * Reference: RFC 9639, section 9
 */
export function decodeFrame(
  bytes: Uint8Array,
  { header, bits }: { header: FlacFrameHeader; bits: number },
  samples: readonly IntegerSamples[],
): number | null {
  const { blockSize: n, stereo } = header;
  const reader = new BitReader(bytes.subarray(0, maxFrameBytes(header, bits)));
  reader.position = header.length * 8;
  for (let c = 0; c < header.channels; c++) {
    const isSide = stereo === "side-right" ? c === 0 : stereo !== "independent" && c === 1;
    if (!decodeSubframe(reader, samples[c], { n, bits: isSide ? bits + 1 : bits })) return null;
  }
  reader.alignToByte();
  const length = reader.position / 8 + 2;
  if (length > bytes.length || crc16(bytes.subarray(0, length)) !== 0) return null;
  undoStereo(samples, { stereo, n });
  return length;
}

/** Turns middle and side, which is left - right, into left and right in place. */
function undoStereo(
  [first, second]: readonly IntegerSamples[],
  { stereo, n }: Pick<FlacFrameHeader, "stereo"> & { n: number },
): void {
  if (stereo === "left-side") for (let i = 0; i < n; i++) second[i] = first[i] - second[i];
  if (stereo === "side-right") for (let i = 0; i < n; i++) first[i] += second[i];
  if (stereo === "mid-side")
    for (let i = 0; i < n; i++) {
      // The middle is (left + right) >> 1. The bit that it lost equals the last bit of left - right.
      const side = second[i];
      const right = first[i] - Math.floor(side / 2);
      first[i] = right + side;
      second[i] = right;
    }
}
