import type { AudioStream } from "./audio-stream.js";
import type { ByteSource } from "./byte-source.js";
import { openPcm } from "./pcm-stream.js";
import { readWavChunks } from "./riff.js";
import { parseWavFormat } from "./wav-format.js";

/**
 * Opens a WAV file of PCM, floats, A-law or mu-law samples.
 * Same as: libsndfile 1.2.2 `sf_readf_float`, exactly; test/audio/decode-reference.test.ts
 * @throws DataError if the file is not a WAV file that can be read without guessing
 */
export async function openWav(source: ByteSource, path: string): Promise<AudioStream> {
  const { fmt, littleEndian, ...data } = await readWavChunks(source, path);
  const format = parseWavFormat(fmt, littleEndian, path);
  return openPcm(source, { ...data, format, part: "data chunk" }, path);
}
