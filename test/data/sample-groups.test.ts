import { describe, expect, it } from "vitest";
import type { Source } from "../../scripts/data/fonts.js";
import {
  fingerprint,
  fingerprintFont,
  groupSources,
  isSameSample,
} from "../../scripts/data/sample-groups.js";
import { Random } from "../../src/core/random.js";

const noise = (seed: number, n: number) => {
  const random = new Random(seed);
  return Float32Array.from({ length: n }, () => random.normal());
};
const melodic = (font: Source["font"], program: number): Source => ({
  font,
  label: "string",
  bank: 0,
  program,
  drumKey: null,
});

describe("isSameSample", () => {
  const original = noise(1, 9000);
  it("sees through level, offset, polarity and coding noise", () => {
    const coded = noise(2, 9000).map((x, i) => -0.3 * (original[i] + 0.4 * x) + 0.1);
    expect(isSameSample(fingerprint(original), fingerprint(coded))).toBe(true);
  });
  it("tells other recordings apart", () => {
    expect(isSameSample(fingerprint(original), fingerprint(noise(3, 9000)))).toBe(false);
    expect(isSameSample(fingerprint(original), fingerprint(original.subarray(0, 8999)))).toBe(false);
  });
  it("finds nothing in common between silences", () => {
    const silence = fingerprint(new Float32Array(100));
    expect(isSameSample(silence, silence)).toBe(false);
  });
});

describe("groupSources", () => {
  const [a, b, c, d, e] = [1, 2, 3, 4, 5].map((seed) => fingerprint(noise(seed, 5000)));
  it("joins sources through shared samples, also across fonts", () => {
    const groups = groupSources([
      {
        sources: [
          { source: melodic("MSBasic", 40), samples: [0] },
          { source: melodic("MSBasic", 41), samples: [1] },
          { source: melodic("MSBasic", 42), samples: [2] },
        ],
        fingerprints: [a, b, c],
      },
      {
        // Plays what MSBasic 40 plays and what MSBasic 42 plays.
        sources: [
          { source: melodic("FluidR3Mono", 40), samples: [0, 1] },
          // Nothing in common with MSBasic 41 but the number.
          { source: melodic("FluidR3Mono", 41), samples: [2] },
          { source: melodic("FluidR3Mono", 43), samples: [3] },
        ],
        fingerprints: [c, a, d, e],
      },
    ]);
    expect(Object.fromEntries(groups)).toEqual({
      "MSBasic-040": "MSBasic-040",
      "MSBasic-041": "MSBasic-041",
      "MSBasic-042": "MSBasic-040",
      "FluidR3Mono-040": "MSBasic-040",
      "FluidR3Mono-041": "MSBasic-041",
      "FluidR3Mono-043": "FluidR3Mono-043",
    });
  });
});

describe("the fonts", () => {
  it("TimGM6mb and Sonivox have no sample in common, and each offers all classes", async () => {
    const fonts = [await fingerprintFont("TimGM6mb"), await fingerprintFont("Sonivox")];
    const groups = groupSources(fonts);
    const fontsOf = new Map<string, Set<string>>();
    for (const [source, group] of groups)
      fontsOf.set(group, (fontsOf.get(group) ?? new Set()).add(source.split("-")[0]));
    expect([...fontsOf].filter(([, names]) => names.size > 1)).toEqual([]);
    for (const { sources } of fonts) expect(new Set(sources.map(({ source }) => source.label)).size).toBe(11);
  });
});
