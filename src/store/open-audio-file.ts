import type { AudioStream } from "../audio/audio-stream.js";
import { openAudio } from "../audio/decode.js";
import { type FileSource, openFileSource } from "./file-source.js";

/**
 * Opens an audio file, to be decoded in pieces. The file is closed when the blocks end or their reader stops; whoever
 * opens a stream begins to read its blocks.
 * @param source the file's bytes, if it is open already
 * @throws DataError if the file cannot be read or is not audio that timbrel reads
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
    throw error;
  }
}

async function* thenClose<T>(blocks: AsyncIterable<T>, source: { close(): void }): AsyncGenerator<T> {
  try {
    yield* blocks;
  } finally {
    source.close();
  }
}
