import type { AudioStream } from "./audio-stream.js";
import type { ByteSource } from "./byte-source.js";
import type { AudioWarning } from "./warning.js";
import { decodeWhole, readAll, streamOf } from "./whole-file.js";

/** Contents of a FLAC stream's STREAMINFO block. */
export interface FlacInfo {
  readonly bits: number;
  /** Per channel; 0 if the writer did not know. */
  readonly nSamples: number;
}

/** Reads STREAMINFO from the first bytes of a FLAC stream, native or in OGG; null if it is not there. */
export function readFlacInfo(head: Uint8Array): FlacInfo | null {
  const start = String.fromCharCode(...head.subarray(0, 128)).indexOf("fLaC");
  if (start < 0 || head.length < start + 26) return null;
  const at = (i: number) => head[start + i];
  const bits = (((at(20) & 1) << 4) | (at(21) >> 4)) + 1;
  const nSamples = (at(21) & 15) * 2 ** 32 + at(22) * 2 ** 24 + at(23) * 2 ** 16 + at(24) * 2 ** 8 + at(25);
  return { bits, nSamples };
}

/**
 * Corrects the decoder's scale in place: it divides by 2^(bits-1) - 1, the WAV reader by 2^(bits-1). A FLAC file then
 * gives the same samples as the WAV file it was made from.
 */
export function rescaleFlac(channelData: Float32Array[], bits: number): void {
  const full = 2 ** (bits - 1);
  for (const samples of channelData)
    for (let n = 0; n < samples.length; n++) samples[n] = Math.round(samples[n] * (full - 1)) / full;
}

const CONTAINER = { container: "FLAC", encoding: "FLAC" };

/** Opens a native FLAC file. */
export async function openFlac(source: ByteSource, path: string): Promise<AudioStream> {
  const bytes = await readAll(source);
  const { channelData, sampleRate } = await decodeWhole(bytes, CONTAINER, path);
  const nSamples = channelData[0]?.length ?? 0;
  const info = readFlacInfo(bytes);
  if (info !== null && info.bits <= 24) rescaleFlac([...channelData], info.bits);
  const warnings: AudioWarning[] = [];
  if (info !== null && info.nSamples > nSamples)
    warnings.push({
      code: "truncated",
      message: `the FLAC header declares ${info.nSamples} samples, the file holds ${nSamples}`,
    });
  const format = { ...CONTAINER, channels: channelData.length, sampleRate, nSamples };
  return streamOf({ channelData: [...channelData], sampleRate, format, warnings });
}
