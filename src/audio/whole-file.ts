import { type AudioStream, BLOCK_SAMPLES } from "./audio-stream.js";
import type { ByteSource } from "./byte-source.js";
import type { DecodedAudio } from "./waveform.js";

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
