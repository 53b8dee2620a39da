/** A frame of MPEG audio, as its four-byte header describes it. */
export interface MpegFrame {
  /** 2.5 is the unofficial extension of MPEG-2 to 8, 11.025 and 12 kHz. */
  readonly version: 1 | 2 | 2.5;
  readonly layer: 1 | 2 | 3;
  /** [Hz] */
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** Per channel. */
  readonly nSamples: number;
  /** With the header. */
  readonly nBytes: number;
  /** Where the side information of a layer 3 frame begins, behind header and checksum. */
  readonly sideInfoStart: number;
  /** Where the audio data of a layer 3 frame begin, behind the side information. */
  readonly mainDataStart: number;
  /** Equal for frames that can be parts of one stream: same version, layer and sample rate. */
  readonly kind: number;
}

export const HEADER_BYTES = 4;
/** The longest frame: MPEG-2.5, layer 2, 160 kbit/s at 8 kHz, padded. */
export const MAX_FRAME_BYTES = 2881;

const SAMPLE_RATES = [44100, 48000, 32000];
const VERSIONS = [2.5, null, 2, 1] as const;
// Bit rates by index [kbit/s] of MPEG-1, layers 1 to 3; MPEG-2, layer 1; MPEG-2, layers 2 and 3. The first is free format.
const BIT_RATES = {
  v1l1: [null, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  v1l2: [null, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  v1l3: [null, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  v2l1: [null, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  v2l23: [null, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const MONO = 3;

/**
 * Reads the frame header at `at`; null if there is none. Free format, where a header does not tell the frame's length,
 * counts as none: the decoder cannot read it.
 */
export function parseMpegFrame(bytes: Uint8Array, at: number): MpegFrame | null {
  if (at + HEADER_BYTES > bytes.length) return null;
  const [second, third, fourth] = [bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  if (bytes[at] !== 0xff || (second & 0xe0) !== 0xe0) return null;
  const version = VERSIONS[(second >> 3) & 3];
  const layer = 4 - ((second >> 1) & 3);
  const rate = SAMPLE_RATES[(third >> 2) & 3];
  const kbits = bitRates(version, layer)[third >> 4];
  if (version === null || layer === 4 || rate === undefined || kbits == null) return null;
  const sampleRate = version === 1 ? rate : version === 2 ? rate / 2 : rate / 4;
  const nSamples = layer === 1 ? 384 : layer === 2 || version === 1 ? 1152 : 576;
  const slotBytes = layer === 1 ? 4 : 1;
  const padding = third & 2 ? slotBytes : 0;
  const slots = Math.floor((nSamples * kbits * 125) / sampleRate / slotBytes);
  const channels = fourth >> 6 === MONO ? 1 : 2;
  const sideInfoStart = HEADER_BYTES + (second & 1 ? 0 : 2);
  const sideInfoBytes = version === 1 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17;
  return {
    version,
    layer: layer as 1 | 2 | 3,
    sampleRate,
    channels,
    nSamples,
    nBytes: slots * slotBytes + padding,
    sideInfoStart,
    mainDataStart: sideInfoStart + sideInfoBytes,
    kind: ((second & 0x1e) << 8) | (third & 0x0c),
  };
}

function bitRates(version: MpegFrame["version"] | null, layer: number): readonly (number | null)[] {
  if (version === 1) return layer === 1 ? BIT_RATES.v1l1 : layer === 2 ? BIT_RATES.v1l2 : BIT_RATES.v1l3;
  return layer === 1 ? BIT_RATES.v2l1 : BIT_RATES.v2l23;
}

/**
 * Bytes of earlier frames that a layer 3 frame needs: its audio data begin that far back, in the "bit reservoir".
 * @param at where the frame begins in `bytes`
 */
export function reservoirBytes(bytes: Uint8Array, at: number, frame: MpegFrame): number {
  if (frame.layer !== 3) return 0;
  const [first, second] = [bytes[at + frame.sideInfoStart], bytes[at + frame.sideInfoStart + 1]];
  return frame.version === 1 ? (first << 1) | (second >> 7) : first;
}
