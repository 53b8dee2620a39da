import type { AudioStream } from "../audio/audio-stream.js";
import { openAudio } from "../audio/decode.js";
import { UnreadFormatError } from "../audio/foreign-format.js";
import { openWithFfmpeg } from "./ffmpeg.js";
import { type FileSource, openFileSource, openSource } from "./file-source.js";

/**
 * Opens an audio file, to be decoded in pieces. Formats and encodings that timbrel does not read are decoded by ffmpeg,
 * if that is installed; a warning of the code `converted` says so. The file is closed and ffmpeg ended when the blocks
 * end or their reader stops, so a stream that is opened must be read, be it only the first block.
 * @param source the file's bytes, if it is open already
 * @throws DataError if the file cannot be read, is not audio, or needs ffmpeg, which is not installed
 */
export async function openAudioFile(
  path: string,
  source: FileSource = openFileSource(path),
): Promise<AudioStream> {
  try {
    const stream = await openAudio(source, path);
    return { ...stream, blocks: thenClose(stream.blocks, source) };
  } catch (error) {
    source.close();
    if (error instanceof UnreadFormatError && !source.isPipe) return openWithFfmpeg(path, error.container);
    throw error;
  }
}

/** Returns a function that opens an audio file whenever it is called; a pipe's bytes are kept for the second time. */
export function reopenAudioFile(path: string): () => Promise<AudioStream> {
  let pipe: FileSource | undefined;
  return async () => {
    const source = pipe ?? (await openSource(path));
    if (source.isPipe) pipe = source;
    return openAudioFile(path, source);
  };
}

async function* thenClose<T>(blocks: AsyncIterable<T>, source: { close(): void }): AsyncGenerator<T> {
  try {
    yield* blocks;
  } finally {
    source.close();
  }
}
