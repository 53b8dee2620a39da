import type { MPEGDecoder } from "mpg123-decoder";
import { DataError, errorLine } from "../core/errors.js";
import { type AudioStream, BLOCK_SAMPLES } from "./audio-stream.js";
import type { ByteSource } from "./byte-source.js";
import { Mp3Losses } from "./mp3-losses.js";
import { Mp3Track } from "./mp3-track.js";
import { HEADER_BYTES } from "./mpeg-frame.js";
import { mpegParts } from "./mpeg-frames.js";
import { parseMpegInfo } from "./mpeg-info.js";
import { findMpegAudio, type MpegAudio } from "./mpeg-sync.js";
import { quietly } from "./quietly.js";
import type { AudioWarning } from "./warning.js";

/**
 * Opens an MP3 file, or one of MPEG layer 2; null if it is none. Where an Info or Xing header with LAME's extension
 * tells the encoder's delay and padding, they are cut off, and the decoder's delay of 529 samples with them, so that as
 * many samples are left as were encoded; other files keep them. Frames that cannot be decoded are left out.
 */
export async function openMp3(source: ByteSource, path: string): Promise<AudioStream | null> {
  const audio = await findMpegAudio(source);
  if (audio === null) return null;
  const { frame, position } = audio.first;
  const info = parseMpegInfo(await source.read(position, frame.nBytes), 0, frame);
  const warnings: AudioWarning[] = [];
  const { layer, channels, sampleRate } = frame;
  return {
    format: { container: `MP${layer}`, encoding: `MPEG layer ${layer}`, channels, sampleRate },
    declaredSamples: new Mp3Track(info, frame.nSamples).declaredSamples,
    blocks: decodeBlocks(source, { audio, warnings, path }),
    warnings,
  };
}

async function* decodeBlocks(
  source: ByteSource,
  { audio, warnings, path }: { audio: MpegAudio; warnings: AudioWarning[]; path: string },
): AsyncGenerator<Float32Array[]> {
  const { frame } = audio.first;
  const losses = new Mp3Losses(frame);
  const tracks = [new Mp3Track(null, frame.nSamples)];
  const decoder = await openDecoder();
  try {
    let header: Uint8Array | null = null;
    let nDecoded = 0;
    for await (const part of mpegParts(source, audio, BLOCK_SAMPLES)) {
      losses.add(part);
      if (part.kind === "info") tracks.push(new Mp3Track(part.info, frame.nSamples));
      if (part.kind !== "frames") continue;
      header ??= part.bytes.slice(0, HEADER_BYTES);
      const decoded = decode(decoder, part.bytes, path);
      nDecoded += decoded[0].length;
      if (!part.isDamaged) yield* tracks[tracks.length - 1].keep(inChannels(decoded, frame.channels));
    }
    // The decoder waits for a second frame before it decodes the first.
    if (header !== null && nDecoded === 0)
      yield* tracks[tracks.length - 1].keep(inChannels(decode(decoder, header, path), frame.channels));
  } finally {
    decoder.free();
  }
  warnings.push(...losses.warnings(tracks));
}

async function openDecoder(): Promise<MPEGDecoder> {
  const { MPEGDecoder } = await import("mpg123-decoder");
  const decoder = new MPEGDecoder({ enableGapless: false });
  await decoder.ready;
  return decoder;
}

/**
 * Left and right; equal where the frames are mono.
 * @throws DataError if the decoder stops
 */
function decode(decoder: MPEGDecoder, frames: Uint8Array, path: string): Float32Array[] {
  try {
    return quietly(() => decoder.decode(frames)).channelData;
  } catch (error) {
    throw new DataError(path, `MP3 decoding failed: ${errorLine(error)}`, { cause: error });
  }
}

/** One channel is the mean of both: a file that begins in mono may go on in stereo. */
function inChannels([left, right]: readonly Float32Array[], channels: 1 | 2): Float32Array[] {
  return channels === 2 ? [left, right] : [left.map((sample, n) => (sample + right[n]) / 2)];
}
