import { resample } from "../audio/resample.js";
import type { Random } from "../core/random.js";
import type { Tensor } from "../core/tensor.js";
import type { FrontEnd } from "./front-end.js";
import { logMel } from "./log-mel.js";

/** Sounds that are of no class, whatever a model was trained on. */
export const CLASSLESS_SOUNDS = [
  "silence",
  "white noise",
  "pink noise",
  "brown noise",
  "short noise",
  "band-limited noise",
  "mains hum",
  "clicks",
] as const;
export type ClasslessSound = (typeof CLASSLESS_SOUNDS)[number];

/** Those that models are fitted to call unknown. The hum and the clicks show what becomes of other sounds. */
export const FITTED_SOUNDS: readonly ClasslessSound[] = CLASSLESS_SOUNDS.filter(
  (sound) => sound !== "mains hum" && sound !== "clicks",
);

type LastingSound = Exclude<ClasslessSound, "short noise" | "band-limited noise">;
const NOISES = ["white noise", "pink noise", "brown noise"] as const;

/** Range of the length of short noise [s]. */
const SHORT_SEC = { min: 0.001, max: 0.3 } as const;

/** Lowest sample rate of band-limited noise, and range of the frequency below which half of it has little [Hz]. */
const LEAST_RATE = 4000;
const HIGH_PASS_HZ = { min: 50, max: 600 } as const;

/** Pink noise's filters: each cuts two octaves below the one before. */
const PINK_FILTERS = [0, 1, 2, 3, 4, 5] as const;

/** Amplitude of the noise of a converter that is given silence, one step of 16 bits. */
const DITHER = 1 / 32768;

/**
 * Makes the features of a sound that is of no class.
 *
 * Silence is zeros, or half of the time one bit of noise. White noise has equal power at all frequencies; pink noise falls
 * by 3 dB an octave (a sum of white noises through low-pass filters two octaves apart), brown noise by 6. Short noise is 1 to
 * 300 ms of one of them, at any time; the rest is zeros. Band-limited noise is one of them at a sample rate from 4 kHz to the front
 * end's, half of the time through a high-pass filter at 50 to 600 Hz, like a telephone's. Hum is the first ten harmonics of 50 or 60 Hz. Clicks come at random,
 * three a second on average.
 * @param options.durationSec [s]
 * @param options.levelDb level of noise while it lasts and of hum, and peak of clicks [dB relative to full scale]
 * @returns [nFrames, nMels]
 */
export function classlessSound(
  kind: ClasslessSound,
  frontEnd: FrontEnd,
  random: Random,
  { durationSec, levelDb }: { durationSec: number; levelDb: number },
): Tensor {
  if (kind === "band-limited noise") return bandLimitedNoise(frontEnd, random, { durationSec, levelDb });
  const { sampleRate } = frontEnd;
  const nSamples = Math.max(1, Math.round(durationSec * sampleRate));
  const samples = new Float32Array(nSamples);
  if (kind === "short noise") {
    const { min, max } = SHORT_SEC;
    const seconds = logUniform(random, min, max);
    const length = Math.min(nSamples, Math.ceil(seconds * sampleRate));
    const colour = random.pick(NOISES);
    const first = random.integer(nSamples - length + 1);
    fill(samples.subarray(first, first + length), colour, { sampleRate, random, levelDb });
  } else fill(samples, kind, { sampleRate, random, levelDb });
  return logMel({ samples, sampleRate }, frontEnd);
}

function bandLimitedNoise(
  frontEnd: FrontEnd,
  random: Random,
  { durationSec, levelDb }: { durationSec: number; levelDb: number },
): Tensor {
  const sampleRate = Math.round(logUniform(random, LEAST_RATE, frontEnd.sampleRate));
  const samples = new Float32Array(Math.max(1, Math.round(durationSec * sampleRate)));
  fill(samples, random.pick(NOISES), { sampleRate, random, levelDb });
  if (random.uniform() < 0.5) {
    const cutoff = logUniform(random, HIGH_PASS_HZ.min, HIGH_PASS_HZ.max) / sampleRate;
    for (const pass of [lowPass(cutoff), lowPass(cutoff)])
      for (let n = 0; n < samples.length; n++) samples[n] -= pass(samples[n]);
  }
  return logMel(resample({ samples, sampleRate }, frontEnd.sampleRate), frontEnd);
}

function logUniform(random: Random, min: number, max: number): number {
  return Math.exp(random.uniform(Math.log(min), Math.log(max)));
}

/** Fills samples with a sound. */
function fill(
  samples: Float32Array,
  kind: LastingSound,
  { sampleRate, random, levelDb }: { sampleRate: number; random: Random; levelDb: number },
): void {
  const next = generator(kind, sampleRate, random);
  for (let n = 0; n < samples.length; n++) samples[n] = next(n);
  if (kind === "silence") return;
  const gain = 10 ** (levelDb / 20);
  const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
  const level = kind === "clicks" ? 1 : Math.sqrt(power);
  for (let n = 0; n < samples.length; n++) samples[n] *= gain / level;
}

/** Returns a function that gives the samples of a sound, at any level. */
function generator(kind: LastingSound, sampleRate: number, random: Random): (n: number) => number {
  switch (kind) {
    case "silence": {
      const amplitude = random.uniform() < 0.5 ? 0 : DITHER;
      return () => amplitude * random.uniform(-1, 1);
    }
    case "white noise":
      return () => random.normal();
    case "pink noise": {
      const [gains, keeps] = [PINK_FILTERS.map((i) => 2 ** i), PINK_FILTERS.map((i) => keepOf(4 ** -i / 2))];
      const held = new Float64Array(PINK_FILTERS.length);
      return () => {
        const white = random.normal();
        let sum = 0;
        for (let i = 0; i < held.length; i++) {
          held[i] = keeps[i] * held[i] + (1 - keeps[i]) * white;
          sum += gains[i] * held[i];
        }
        return sum;
      };
    }
    case "brown noise": {
      const pass = lowPass(20 / sampleRate);
      return () => pass(random.normal());
    }
    case "mains hum": {
      const hz = random.pick([50, 60]);
      const partials = Array.from({ length: 10 }, (_, i) => ({ k: i + 1, phase: random.uniform(0, 7) }));
      return (n) =>
        partials.reduce(
          (sum, { k, phase }) => sum + Math.sin((2 * Math.PI * hz * k * n) / sampleRate + phase) / k,
          0,
        );
    }
    case "clicks":
      return () => (random.uniform() < 3 / sampleRate ? random.uniform(-1, 1) : 0);
  }
}

/**
 * A low-pass filter of first order.
 * @param cutoff frequency [fraction of the sample rate]
 */
function lowPass(cutoff: number): (sample: number) => number {
  const keep = keepOf(cutoff);
  let held = 0;
  return (sample) => (held = keep * held + (1 - keep) * sample);
}

/** The share of its last output that the filter keeps. */
const keepOf = (cutoff: number) => Math.exp(-2 * Math.PI * cutoff);
