import { toWaveform } from "../audio/inputs.js";
import type { Waveform } from "../audio/waveform.js";
import {
  FRAME_LENGTH,
  FrameSampler,
  MEYDA_SCALARS,
  type MeydaScalar,
  meydaFrames,
  N_MFCC,
} from "./meyda-frames.js";

const FRAME_NAMES = [...MEYDA_SCALARS, ...Array.from({ length: N_MFCC }, (_, i) => `mfcc${i}`)];

/** Names of the entries of `summarizeDescriptors`: means of Meyda's descriptors and MFCCs, then their deviations. */
export const DESCRIPTOR_NAMES: readonly string[] = [
  ...FRAME_NAMES.map((name) => `${name}Mean`),
  ...FRAME_NAMES.map((name) => `${name}Std`),
];

/**
 * Summarizes a clip as one vector, the classic input of a linear classifier: mean and population standard deviation of
 * Meyda's descriptors and 13 MFCCs over the frames that are not silent, or over 49 to 96 of a longer clip's frames, evenly
 * spaced. A silent clip gives zeros.
 *
 * Frequencies are in Meyda's units: `spectralCentroid` and `spectralSpread` in bins of `sampleRate / 1024` Hz,
 * `spectralRolloff` in Hz, `zcr` in crossings per frame of 1024 samples.
 * @returns `DESCRIPTOR_NAMES.length` finite numbers
 * @example
 * import { DESCRIPTOR_NAMES, summarizeDescriptors } from "timbrel";
 *
 * const samples = Float32Array.from({ length: 22050 }, (_, n) => Math.sin((2 * Math.PI * 1000 * n) / 22050));
 * const summary = summarizeDescriptors({ samples, sampleRate: 22050 });
 * const at = DESCRIPTOR_NAMES.indexOf("spectralCentroidMean");
 * console.log(summary.length, ((summary[at] * 22050) / 1024).toFixed(0)); // -> 44 1000
 */
export function summarizeDescriptors(waveform: Waveform): Float32Array {
  const mono = toWaveform("waveform", waveform);
  return summarizeFrames(sampled(mono), mono.sampleRate);
}

/** `summarizeDescriptors` of a clip that streamed through a sampler. */
export function summarizeFrames({ frames: signals }: FrameSampler, sampleRate: number): Float32Array {
  const frames = meydaFrames(signals, sampleRate);
  const means = FRAME_NAMES.map((_, i) => mean(frames, (frame) => frame[i]));
  const deviations = means.map((center, i) => Math.sqrt(mean(frames, (frame) => (frame[i] - center) ** 2)));
  return Float32Array.from([...means, ...deviations]);
}

/**
 * Four descriptors of a clip in familiar units: means over the frames that are not silent; zeros for a silent clip.
 * The roll-off is the frequency that has 99 % of the sum of magnitudes below it.
 * @example
 * import { describe } from "timbrel";
 *
 * const samples = Float32Array.from({ length: 22050 }, (_, n) => Math.sin((2 * Math.PI * 1000 * n) / 22050));
 * const { spectralCentroidHz, zeroCrossingsPerSec } = describe({ samples, sampleRate: 22050 });
 * console.log(spectralCentroidHz.toFixed(0), zeroCrossingsPerSec.toFixed(0)); // -> 1000 1997
 */
export function describe(waveform: Waveform): Description {
  const mono = toWaveform("waveform", waveform);
  return describeFrames(sampled(mono), mono.sampleRate);
}

/** Four descriptors in familiar units. */
export interface Description {
  spectralCentroidHz: number;
  spectralRolloffHz: number;
  spectralFlatness: number;
  zeroCrossingsPerSec: number;
}

/** `describe` of a clip that streamed through a sampler. */
export function describeFrames({ frames: signals, nSamples }: FrameSampler, sampleRate: number): Description {
  const frames = meydaFrames(signals, sampleRate);
  const meanOf = (name: MeydaScalar) => mean(frames, (frame) => frame[MEYDA_SCALARS.indexOf(name)]);
  const nCounted = Math.min(FRAME_LENGTH, nSamples);
  return {
    spectralCentroidHz: (meanOf("spectralCentroid") * sampleRate) / FRAME_LENGTH,
    spectralRolloffHz: meanOf("spectralRolloff"),
    spectralFlatness: meanOf("spectralFlatness"),
    zeroCrossingsPerSec: nSamples === 0 ? 0 : (meanOf("zcr") * sampleRate) / nCounted,
  };
}

function sampled({ samples }: Waveform): FrameSampler {
  const sampler = new FrameSampler();
  sampler.push(samples);
  return sampler;
}

function mean(frames: number[][], entryOf: (frame: number[]) => number): number {
  return frames.reduce((sum, frame) => sum + entryOf(frame), 0) / Math.max(1, frames.length);
}
