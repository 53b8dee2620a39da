import { describe, expect, it } from "vitest";
import {
  emptyMelBands,
  type MelSettings,
  melBands,
  melFilterBank,
  melFrequencies,
} from "../../src/features/mel-filter-bank.js";
import { hzToMel, melToHz } from "../../src/features/mel-scale.js";
import fixture from "./fixtures/mel-filter-bank.json" with { type: "json" };
import { floatsOf } from "./signals.js";

// librosa stores its weights, of at most 1, in single precision: half a unit in the last place is 6e-8.
const WEIGHT_TOLERANCE = 3e-7;

type Case = (typeof fixture.cases)[number];

/** The dense matrix of a fixture's sparse rows. */
function matrixOf({ settings, firstBins, lengths, weights }: Case): Float32Array {
  const nBins = settings.nFft / 2 + 1;
  const matrix = new Float32Array(settings.nMels * nBins);
  const values = floatsOf(weights);
  let next = 0;
  firstBins.forEach((firstBin, m) => {
    for (let k = 0; k < lengths[m]; k++) matrix[m * nBins + firstBin + k] = values[next++];
  });
  expect(next).toBe(values.length);
  return matrix;
}

describe("mel filter bank", () => {
  it.each(fixture.cases)("equals librosa's: $settings", (expected) => {
    const bank = melFilterBank(expected.settings as MelSettings);
    expect(bank.shape).toEqual([expected.settings.nMels, expected.settings.nFft / 2 + 1]);
    const reference = matrixOf(expected);
    const worst = bank.data.reduce((most, weight, i) => Math.max(most, Math.abs(weight - reference[i])), 0);
    expect(worst).toBeLessThan(WEIGHT_TOLERANCE);
  });
  it.each(fixture.cases)("names the empty bands that librosa warns of: $settings", (expected) => {
    const empty = expected.lengths.flatMap((length, m) => (length === 0 ? [m] : []));
    expect(emptyMelBands(expected.settings as MelSettings)).toEqual(empty);
  });
  it("has empty bands in the grid, and full ones", () => {
    const counts = fixture.cases.map((expected) => expected.lengths.filter((length) => length === 0).length);
    expect(counts.some((count) => count > 0) && counts.some((count) => count === 0)).toBe(true);
  });
  it("gives every Slaney triangle the area 1 and every plain one at most the peak 1", () => {
    const settings = {
      sampleRate: 22050,
      nFft: 65536,
      nMels: 32,
      melScale: "htk",
      fMin: 0,
      fMax: 11025,
    } as const;
    const binHz = settings.sampleRate / settings.nFft;
    for (const { weights } of melBands({ ...settings, melNorm: "slaney" }))
      expect(weights.reduce((sum, weight) => sum + weight, 0) * binHz).toBeCloseTo(1, 3);
    for (const { weights } of melBands({ ...settings, melNorm: "none" })) {
      expect(Math.max(...weights)).toBeLessThanOrEqual(1);
      expect(Math.max(...weights)).toBeGreaterThan(0.95);
    }
  });
});

describe("mel scale", () => {
  it("has its anchors", () => {
    expect(hzToMel(0, "slaney")).toBe(0);
    expect(hzToMel(1000, "slaney")).toBeCloseTo(15, 12);
    expect(hzToMel(6400, "slaney")).toBeCloseTo(42, 12);
    expect(hzToMel(700, "htk")).toBeCloseTo(2595 * Math.log10(2), 12);
  });
  it.each(["slaney", "htk"] as const)("comes back to the same frequency: %s", (scale) => {
    for (const hz of [0, 1, 440, 999.9, 1000, 1000.1, 11025, 192000])
      expect(melToHz(hzToMel(hz, scale), scale)).toBeCloseTo(hz, 7);
  });
  it("spaces the bands evenly in mels from fMin to fMax", () => {
    const edges = melFrequencies({
      sampleRate: 16000,
      nFft: 512,
      nMels: 5,
      melScale: "slaney",
      melNorm: "none",
      fMin: 100,
      fMax: 7000,
    });
    const steps = Array.from(edges, (hz) => hzToMel(hz, "slaney")).map((mel, i, all) => mel - all[i - 1]);
    expect(edges).toHaveLength(7);
    expect(edges[0]).toBeCloseTo(100, 9);
    expect(edges[6]).toBeCloseTo(7000, 9);
    for (const step of steps.slice(2)) expect(step).toBeCloseTo(steps[1], 9);
  });
});
