/** A frame of MPEG audio, layer 2 or 3, as its four-byte header describes it. */
export interface MpegFrame {
  /** 2.5 is the unofficial extension of MPEG-2 to 8, 11.025 and 12 kHz. */
  readonly version: 1 | 2 | 2.5;
  readonly layer: 2 | 3;
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
// Bit rates by index [kbit/s] of MPEG-1, layers 2 and 3, and of MPEG-2. The first is free format.
const BIT_RATES = {
  v1l2: [null, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  v1l3: [null, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  v2: [null, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const MONO = 3;

/**
 * Reads the frame header at `at`; null if there is none. Free format, where a header does not tell the frame's length,
 * counts as none, as the decoder cannot read it, and layer 1, which nobody writes.
 */
export function parseMpegFrame(bytes: Uint8Array, at: number): MpegFrame | null {
  if (at + HEADER_BYTES > bytes.length) return null;
  const [second, third, fourth] = [bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  if (bytes[at] !== 0xff || (second & 0xe0) !== 0xe0) return null;
  const version = VERSIONS[(second >> 3) & 3];
  const layer = 4 - ((second >> 1) & 3);
  const rate = SAMPLE_RATES[(third >> 2) & 3];
  const bitRates = version !== 1 ? BIT_RATES.v2 : layer === 2 ? BIT_RATES.v1l2 : BIT_RATES.v1l3;
  const kbits = bitRates[third >> 4];
  if (version === null || (layer !== 2 && layer !== 3) || rate === undefined || kbits == null) return null;
  const sampleRate = version === 1 ? rate : version === 2 ? rate / 2 : rate / 4;
  const nSamples = layer === 2 || version === 1 ? 1152 : 576;
  const padding = (third >> 1) & 1;
  const channels = fourth >> 6 === MONO ? 1 : 2;
  const sideInfoStart = HEADER_BYTES + (second & 1 ? 0 : 2);
  const sideInfoBytes = version === 1 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17;
  return {
    version,
    layer,
    sampleRate,
    channels,
    nSamples,
    nBytes: Math.floor((nSamples * kbits * 125) / sampleRate) + padding,
    sideInfoStart,
    mainDataStart: sideInfoStart + sideInfoBytes,
    kind: ((second & 0x1e) << 8) | (third & 0x0c),
  };
}
