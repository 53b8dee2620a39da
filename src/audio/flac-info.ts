/** Length of the content of a STREAMINFO block. */
export const STREAM_INFO_BYTES = 34;

/** What a FLAC stream's STREAMINFO block says. */
export interface FlacInfo {
  readonly sampleRate: number;
  readonly channels: number;
  readonly bits: number;
  /** Per channel; null if the writer did not know. */
  readonly nSamples: number | null;
  /** Checksum of the samples in hexadecimal; null if the writer left it out. */
  readonly md5: string | null;
}

/** Reads the content of a STREAMINFO block. */
export function readFlacInfo(block: Uint8Array): FlacInfo {
  const view = new DataView(block.buffer, block.byteOffset, STREAM_INFO_BYTES);
  const middle = view.getUint32(10); // 20 bits of sample rate, 3 of channels, 5 of bits, 4 of the number of samples
  const nSamples = (middle & 15) * 2 ** 32 + view.getUint32(14);
  const md5 = [...block.subarray(18, STREAM_INFO_BYTES)].map((byte) => byte.toString(16).padStart(2, "0"));
  return {
    sampleRate: middle >>> 12,
    channels: ((middle >>> 9) & 7) + 1,
    bits: ((middle >>> 4) & 31) + 1,
    nSamples: nSamples === 0 ? null : nSamples,
    md5: md5.every((digits) => digits === "00") ? null : md5.join(""),
  };
}
