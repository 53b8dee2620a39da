import { DataError, errorLine } from "../core/errors.js";
import { type AudioStream, BLOCK_SAMPLES } from "./audio-stream.js";
import type { ByteSource } from "./byte-source.js";
import type { Container } from "./container.js";
import type { DecodedAudio } from "./waveform.js";

/** Decodes a whole file with audio-decode. */
export async function decodeWhole(
  bytes: Uint8Array,
  { container, encoding }: Container,
  path: string,
): Promise<Pick<DecodedAudio, "channelData" | "sampleRate">> {
  const { default: decode } = await import("audio-decode");
  const name = `${container} (${encoding})`;
  const decoded = await decode(bytes).catch((error: unknown) => {
    throw new DataError(path, `${name} decoding failed: ${errorLine(error)}`, { cause: error });
  });
  // A decoder that gives up early resolves with no samples.
  if ((decoded.channelData[0]?.length ?? 0) === 0)
    throw new DataError(path, `${name} decoding gave no samples; the file is damaged or empty`);
  return decoded;
}

/** All bytes of a source. */
export const readAll = (source: ByteSource): Promise<Uint8Array> => source.read(0, source.size);

/** A stream of audio that is decoded already. */
export function streamOf({ channelData, format, warnings }: DecodedAudio): AudioStream {
  return { format, declaredSamples: format.nSamples, blocks: inBlocks(channelData), warnings };
}

async function* inBlocks(channelData: readonly Float32Array[]): AsyncGenerator<Float32Array[]> {
  for (let at = 0; at < (channelData[0]?.length ?? 0); at += BLOCK_SAMPLES)
    yield channelData.map((samples) => samples.subarray(at, at + BLOCK_SAMPLES));
}
