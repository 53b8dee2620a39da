import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { frontEnd } from "../../src/features/front-end.js";
import { logMel } from "../../src/features/log-mel.js";
import { makeQuieter } from "../../src/features/quieter.js";

const SETTINGS = { sampleRate: 8000, nFft: 256, hopLength: 128, nMels: 16 } as const;
/** Values are float32, of which a small one is a difference of great ones. */
const ROUNDING = 1e-4;

const COMPRESSIONS = [
  { kind: "log10", scale: 1000 },
  { kind: "log1p", scale: 10 },
  { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: null },
] as const;

describe.each(COMPRESSIONS)("makeQuieter, %s", (compression) => {
  it.each([1, 2] as const)("gives the features of quieter audio, power %i", (power) => {
    const front = frontEnd({ ...SETTINGS, power, compression });
    const random = new Random("quieter");
    const samples = Float32Array.from({ length: 4000 }, (_, n) => (n < 3000 ? 0.5 * random.normal() : 0));
    for (const gainDb of [-6, -40]) {
      const { data: made } = logMel({ samples, sampleRate: 8000 }, front);
      makeQuieter(made, front, gainDb);
      const quiet = samples.map((x) => x * 10 ** (gainDb / 20));
      const { data: expected } = logMel({ samples: quiet, sampleRate: 8000 }, front);
      const range = Math.max(...expected) - Math.min(...expected);
      const error = made.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
      expect(error).toBeLessThan(ROUNDING * range);
    }
  });
});
