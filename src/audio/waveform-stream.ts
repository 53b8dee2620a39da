import { type AudioStream, BLOCK_SAMPLES } from "./audio-stream.js";
import type { Waveform } from "./waveform.js";

/** A waveform in memory as a stream. */
export function waveformStream({ samples, sampleRate }: Waveform): AudioStream {
  return {
    format: { container: "memory", encoding: "32-bit float", channels: 1, sampleRate },
    declaredSamples: samples.length,
    blocks: blocksOf(samples),
    warnings: [],
  };
}

async function* blocksOf(samples: Float32Array): AsyncGenerator<Float32Array[]> {
  for (let at = 0; at < samples.length; at += BLOCK_SAMPLES) yield [samples.subarray(at, at + BLOCK_SAMPLES)];
}
