/** How the samples of a file are stored, if they are not compressed. */
export interface PcmFormat {
  readonly kind: "pcm" | "float" | "alaw" | "mulaw";
  /** In words, e.g. "16-bit PCM". */
  readonly encoding: string;
  readonly channels: number;
  readonly sampleRate: number;
  /** Bytes that one sample takes: 1, 2, 3, 4 or 8. */
  readonly sampleBytes: number;
  /** Bits of a sample that carry signal, at most 8 * sampleBytes. */
  readonly bits: number;
  readonly littleEndian: boolean;
  /** Whether 8-bit samples are 0 to 255, centred on 128, instead of -128 to 127. */
  readonly isUnsigned8: boolean;
}

/** The same limit as libsndfile's. */
export const MAX_CHANNELS = 1024;

/** Whether samples of `bits` bits can be stored in `sampleBytes` bytes each. */
export function isLayout({
  kind,
  bits,
  sampleBytes,
}: Pick<PcmFormat, "kind" | "bits" | "sampleBytes">): boolean {
  if (kind === "float") return (sampleBytes === 4 || sampleBytes === 8) && bits === 8 * sampleBytes;
  if (kind === "alaw" || kind === "mulaw") return sampleBytes === 1 && bits === 8;
  if (sampleBytes === 4 && bits > 16 && bits <= 24) return true;
  return [1, 2, 3, 4].includes(sampleBytes) && bits > 8 * (sampleBytes - 1) && bits <= 8 * sampleBytes;
}

/** The encoding in words, e.g. "20-bit PCM in 3 bytes". */
export function encodingName({
  kind,
  bits,
  sampleBytes,
}: Pick<PcmFormat, "kind" | "bits" | "sampleBytes">): string {
  if (kind === "alaw") return "A-law";
  if (kind === "mulaw") return "mu-law";
  const container = bits === 8 * sampleBytes ? "" : ` in ${sampleBytes} bytes`;
  return `${bits}-bit ${kind === "float" ? "float" : "PCM"}${container}`;
}
