import type { Random } from "../../src/core/random.js";

/** A second-order filter in direct form, a0 = 1. */
export interface Biquad {
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
  readonly a1: number;
  readonly a2: number;
}

type BiquadKind = "lowpass" | "highpass" | "peaking" | "lowshelf" | "highshelf";

/**
 * Designs a filter by the formulas of the cookbook.
 * Reference: Robert Bristow-Johnson, Cookbook formulae for audio EQ biquad filter coefficients.
 */
export function biquad(kind: BiquadKind, sampleRate: number, hz: number, q: number, gainDb = 0): Biquad {
  const w = (2 * Math.PI * hz) / sampleRate;
  const [c, alpha, a] = [Math.cos(w), Math.sin(w) / (2 * q), 10 ** (gainDb / 40)];
  const root = 2 * Math.sqrt(a) * alpha;
  const [b0, b1, b2, a0, a1, a2] = {
    lowpass: () => [(1 - c) / 2, 1 - c, (1 - c) / 2, 1 + alpha, -2 * c, 1 - alpha],
    highpass: () => [(1 + c) / 2, -(1 + c), (1 + c) / 2, 1 + alpha, -2 * c, 1 - alpha],
    peaking: () => [1 + alpha * a, -2 * c, 1 - alpha * a, 1 + alpha / a, -2 * c, 1 - alpha / a],
    lowshelf: () => [
      a * (a + 1 - (a - 1) * c + root),
      2 * a * (a - 1 - (a + 1) * c),
      a * (a + 1 - (a - 1) * c - root),
      a + 1 + (a - 1) * c + root,
      -2 * (a - 1 + (a + 1) * c),
      a + 1 + (a - 1) * c - root,
    ],
    highshelf: () => [
      a * (a + 1 + (a - 1) * c + root),
      -2 * a * (a - 1 + (a + 1) * c),
      a * (a + 1 + (a - 1) * c - root),
      a + 1 - (a - 1) * c + root,
      2 * (a - 1 - (a + 1) * c),
      a + 1 - (a - 1) * c - root,
    ],
  }[kind]();
  return { b0: b0 / a0, b1: b1 / a0, b2: b2 / a0, a1: a1 / a0, a2: a2 / a0 };
}

/** Filters in place. */
export function filter(samples: Float32Array, { b0, b1, b2, a1, a2 }: Biquad): void {
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i];
    const y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
    [x2, x1, y2, y1] = [x1, x, y1, y];
    samples[i] = y;
  }
}

export const BUTTERWORTH_Q = Math.SQRT1_2;

/** Draws a number whose logarithm is uniform. */
export function logUniform(random: Random, min: number, max: number): number {
  return min * (max / min) ** random.uniform();
}
