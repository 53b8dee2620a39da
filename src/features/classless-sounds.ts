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
  "mains hum",
  "clicks",
] as const;
export type ClasslessSound = (typeof CLASSLESS_SOUNDS)[number];

/** Amplitude of the noise of a converter that is given silence, one step of 16 bits. */
const DITHER = 1 / 32768;

/**
 * Makes the features of a sound that is of no class.
 *
 * Silence is zeros, or half of the time one bit of noise. White noise has equal power at all frequencies; pink noise falls
 * by 3 dB an octave (a sum of white noises through low-pass filters two octaves apart), brown noise by 6. Hum is the first
 * ten harmonics of 50 or 60 Hz. Clicks come at random, three a second on average.
 * @param options.durationSec [s]
 * @param options.levelDb level of noise and hum, and peak of clicks [dB relative to full scale]
 * @returns [nFrames, nMels]
 */
export function classlessSound(
  kind: ClasslessSound,
  frontEnd: FrontEnd,
  random: Random,
  { durationSec, levelDb }: { durationSec: number; levelDb: number },
): Tensor {
  const { sampleRate } = frontEnd;
  const nSamples = Math.max(1, Math.round(durationSec * sampleRate));
  const next = generator(kind, sampleRate, random);
  const samples = Float32Array.from({ length: nSamples }, (_, n) => next(n));
  if (kind !== "silence") {
    const gain = 10 ** (levelDb / 20);
    const level = kind === "clicks" ? 1 : Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / nSamples);
    for (let n = 0; n < nSamples; n++) samples[n] *= gain / level;
  }
  return logMel({ samples, sampleRate }, frontEnd);
}

/** Returns a function that gives the samples of a sound, at any level. */
function generator(kind: ClasslessSound, sampleRate: number, random: Random): (n: number) => number {
  switch (kind) {
    case "silence": {
      const amplitude = random.uniform() < 0.5 ? 0 : DITHER;
      return () => amplitude * random.uniform(-1, 1);
    }
    case "white noise":
      return () => random.normal();
    case "pink noise": {
      const filters = [0, 1, 2, 3, 4, 5].map((i) => ({ pass: lowPass(4 ** -i / 2), gain: 2 ** i }));
      return () => {
        const white = random.normal();
        return filters.reduce((sum, { pass, gain }) => sum + gain * pass(white), 0);
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
  const keep = Math.exp(-2 * Math.PI * cutoff);
  let held = 0;
  return (sample) => (held = keep * held + (1 - keep) * sample);
}
