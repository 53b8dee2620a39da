import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { FeatureSet } from "../../src/dataset/feature-set.js";
import { fitStandardization } from "../../src/dataset/standardization.js";
import fixture from "./fixtures/numpy.json" with { type: "json" };
import { trainOf } from "./stored-clips.js";

// Statistics are float64 inside and rounded once to float32, whose resolution is 6e-8.
const RELATIVE = 1e-6;

function expectClose(found: Float32Array, expected: number[], epsilon = 0) {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs(found[i] - (value + epsilon))).toBeLessThanOrEqual(
      RELATIVE * Math.max(1e-3, Math.abs(value)),
    );
}

/** Two passes over everything, float64. */
function twoPass(values: number[]): [mean: number, std: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)];
}

const randomFrames = (nFrames: number, nMels: number, random: Random) =>
  Array.from({ length: nFrames }, () =>
    Array.from({ length: nMels }, () => Math.fround(5 + random.normal())),
  );

describe("standardization", () => {
  it("is scikit-learn's mean and deviation of every band, epsilon added", () => {
    const [a, b] = [fixture.frames.slice(0, 7), fixture.frames.slice(7)]; // two clips: the chunks are joined
    const fitted = fitStandardization(trainOf([a, b]).train);
    expect(fitted).toMatchObject({ kind: "band", epsilon: 1e-3, nFrames: 50 });
    expectClose(fitted.mean, fixture.band.mean);
    expectClose(fitted.std, fixture.band.std, 1e-3);
    expect(fitted.std[2]).toBe(Math.fround(1e-3)); // a band that never moves
  });
  it("is scikit-learn's mean and deviation of all values together", () => {
    const fitted = fitStandardization(trainOf([fixture.frames]).train, { kind: "global", epsilon: 0.5 });
    expectClose(fitted.mean, new Array(3).fill(fixture.pooled.mean[0]));
    expectClose(fitted.std, new Array(3).fill(fixture.pooled.std[0]), 0.5);
  });
  it("is the same as two passes over clips of any length, also longer than a chunk", () => {
    const random = new Random(5);
    const clips = [1, 2500, 30, 1024].map((nFrames) => randomFrames(nFrames, 2, random));
    const all = clips.flat();
    const { train } = trainOf(clips);
    const fitted = fitStandardization(train);
    const bands = [0, 1].map((band) => twoPass(all.map((frame) => frame[band])));
    expect(fitted.nFrames).toBe(3555);
    expectClose(
      fitted.mean,
      bands.map(([mean]) => mean),
    ); // prettier-ignore
    expectClose(
      fitted.std,
      bands.map(([, std]) => std),
      1e-3,
    ); // prettier-ignore
    const [mean, std] = twoPass(all.flat());
    const pooled = fitStandardization(train, { kind: "global" });
    expectClose(pooled.mean, [mean, mean]);
    expectClose(pooled.std, [std, std], 1e-3);
  });
  it("does not change with the test clips", () => {
    const clips = [randomFrames(9, 2, new Random(1))];
    const quiet = fitStandardization(trainOf(clips, [[[0, 0]]]).train);
    const loud = fitStandardization(trainOf(clips, [[[1e9, -1e9]]]).train);
    expect(loud).toEqual(quiet);
  });
  it("can be fitted on the train split only", () => {
    const { train, valid, test } = trainOf([[[1, 2]]], [[[3, 4]]]);
    const refused = (split: string) =>
      `fitStandardization: train must be the FeatureSet of the train split, got ${split}`;
    // @ts-expect-error a valid split has no statistics
    expect(() => fitStandardization(valid)).toThrow(refused("valid"));
    // @ts-expect-error a test split has no statistics
    expect(() => fitStandardization(test)).toThrow(refused("test"));
    const any: FeatureSet = test;
    // @ts-expect-error a set of some split may be any
    expect(() => fitStandardization(any)).toThrow(refused("test"));
    const forged = { ...test, split: "train" as const };
    // @ts-expect-error what only looks like the train split is not
    expect(() => fitStandardization(forged)).toThrow(refused("object"));
    expect(fitStandardization(train).nFrames).toBe(1);
  });
  it("refuses what gives no statistics", () => {
    const { train } = trainOf([[[1], [Number.NaN]]]);
    expect(() => fitStandardization(train)).toThrow(
      /features\.npy: holds features that are not finite numbers$/,
    );
    expect(() => fitStandardization(train, { epsilon: 0 })).toThrow(
      "fitStandardization: epsilon must be a number greater than 0, got 0",
    );
    const none = trainOf([[[1]]], []).train;
    const empty = new FeatureSet(
      {
        dir: "",
        frontEnd: { nMels: 1, compression: { kind: "log10" } } as never,
        frontEndHash: "",
        clips: [],
      },
      { train: [], valid: [], test: [], hash: "" },
      "train",
      none.labels,
    );
    expect(() => fitStandardization(empty)).toThrow(
      "fitStandardization: train must hold at least one clip, got none",
    );
  });
  it("stops when told to", () => {
    expect(() => fitStandardization(trainOf([[[1]]]).train, { signal: AbortSignal.abort() })).toThrow(
      /aborted/,
    );
  });
});
