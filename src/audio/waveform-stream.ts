import { type AudioStream, BLOCK_SAMPLES } from "./audio-stream.js";
import type { Channels } from "./inputs.js";

/** Audio in memory as a stream. */
export function waveformStream({ channelData, sampleRate }: Channels): AudioStream {
  return {
    format: { container: "memory", encoding: "32-bit float", channels: channelData.length, sampleRate },
    declaredSamples: channelData[0].length,
    blocks: blocksOf(channelData),
    warnings: [],
  };
}

async function* blocksOf(channelData: readonly Float32Array[]): AsyncGenerator<Float32Array[]> {
  for (let at = 0; at < channelData[0].length; at += BLOCK_SAMPLES)
    yield channelData.map((samples) => samples.subarray(at, at + BLOCK_SAMPLES));
}
