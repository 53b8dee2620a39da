import { describe, expect, it } from "vitest";
import { fontOf, type Source } from "../../scripts/data/fonts.js";
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
        lineage: "MSBasic",
        sources: [
          { source: melodic("MSBasic", 40), samples: [0] },
          { source: melodic("MSBasic", 41), samples: [1] },
          { source: melodic("MSBasic", 42), samples: [2] },
        ],
        fingerprints: [a, b, c],
      },
      {
        lineage: "MSBasic",
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
  it("joins what is known to be one recording, and equal presets of one lineage only", () => {
    const groups = groupSources(
      ["MSBasic", "A320U", "FreePats"].map((name, i) => ({
        lineage: name,
        sources: [44, 46].map((program, k) => ({ source: melodic(name, program), samples: [k] })),
        fingerprints: [2 * i, 2 * i + 1].map((seed) => fingerprint(noise(10 + seed, 5000))),
      })),
    );
    expect(groups.get("FreePats-046")).toBe("MSBasic-046");
    expect(groups.get("FreePats-044")).toBe("A320U-044");
    expect(new Set(groups.values()).size).toBe(4);
  });
});

describe("the fonts", () => {
  it("TimGM6mb shares three instruments with FreePats, and neither shares any with Sonivox; each offers all classes", async () => {
    const fonts = await Promise.all(
      ["TimGM6mb", "FreePats", "Sonivox"].map((name) => fingerprintFont(fontOf(name))),
    );
    const groups = groupSources(fonts);
    const fontsOf = new Map<string, Set<string>>();
    for (const [source, group] of groups)
      fontsOf.set(group, (fontsOf.get(group) ?? new Set()).add(source.split("-")[0]));
    const shared = new Set(["TimGM6mb", "FreePats"]);
    expect([...fontsOf].filter(([, names]) => names.size > 1)).toEqual([
      ["TimGM6mb-069", shared], // English horn
      ["TimGM6mb-072", shared], // piccolo
      ["TimGM6mb-079", shared], // ocarina
    ]);
    for (const { sources } of fonts) expect(new Set(sources.map(({ source }) => source.label)).size).toBe(11);
  });
  it("leaves out what other fonts have, too", async () => {
    const { sources } = await fingerprintFont(fontOf("FreePats"));
    const programs = new Set(
      sources.filter(({ source }) => source.drumKey === null).map((one) => one.source.program),
    );
    const keys = new Set(sources.map(({ source }) => source.drumKey));
    expect([13, 26, 27, 45, 67].filter((program) => programs.has(program))).toEqual([]);
    expect([31, 66, 68, 71, 72, 74, 77, 82].filter((key) => keys.has(key))).toEqual([]);
    expect([programs.size, keys.size]).toEqual([49, 42]);
  });
});
