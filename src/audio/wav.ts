import wavDecoder from "wav-decoder";
import { DataError } from "../core/errors.js";
import type { AudioStream } from "./audio-stream.js";
import type { ByteSource } from "./byte-source.js";
import { canonicalWav } from "./canonical-wav.js";
import { decodePcm16 } from "./pcm16.js";
import { readWavChunks } from "./riff.js";
import { parseWavFormat } from "./wav-format.js";
import type { DecodedAudio } from "./waveform.js";
import { readAll, streamOf } from "./whole-file.js";

// wav-decoder uses `global`, Node's name for the global object, which browsers lack.
(globalThis as { global?: unknown }).global ??= globalThis;

/**
 * Decodes a WAV file: `sample = integer / 2 ** (bits - 1)`, 8-bit unsigned `(x - 128) / 128`, floats as they are,
 * A-law and mu-law as the 16-bit values of G.711.
 * Same as: libsndfile 1.2.2 `sf_readf_float`, exactly; test/audio/decode-reference.test.ts
 * @throws DataError if the file is not a WAV file that can be read without guessing
 */
export function decodeWav(bytes: Uint8Array, path: string): DecodedAudio {
  const { container, littleEndian, fmt, data, warnings } = readWavChunks(bytes, path);
  const format = parseWavFormat(fmt, littleEndian, path);
  const frameBytes = format.channels * format.sampleBytes;
  const nSamples = Math.floor(data.length / frameBytes);
  const extraBytes = data.length - nSamples * frameBytes;
  if (data.length === 0) throw new DataError(path, "the data chunk is empty");
  if (nSamples === 0)
    throw new DataError(
      path,
      `the data chunk holds ${data.length} bytes, less than one frame of ${frameBytes}`,
    );
  if (extraBytes > 0)
    warnings.push({
      code: "ignored-data",
      message: `ends with an incomplete frame (${extraBytes} of ${frameBytes} bytes), which is dropped`,
    });

  const frames = data.subarray(0, nSamples * frameBytes);
  let channelData: Float32Array[];
  if (format.kind === "pcm" && format.sampleBytes === 2 && littleEndian)
    channelData = decodePcm16(frames, format.channels);
  else {
    const canonical = canonicalWav(frames, format, littleEndian, path);
    channelData = wavDecoder.decode.sync(canonical.file, { symmetric: true }).channelData;
    warnings.push(...canonical.warnings);
  }
  return {
    channelData,
    sampleRate: format.sampleRate,
    format: {
      container,
      encoding: format.encoding,
      channels: format.channels,
      sampleRate: format.sampleRate,
      nSamples,
    },
    warnings,
  };
}

/** Opens a WAV file. */
export async function openWav(source: ByteSource, path: string): Promise<AudioStream> {
  return streamOf(decodeWav(await readAll(source), path));
}
