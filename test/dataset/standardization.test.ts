import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { Covariance, fitCovariance } from "../../src/dataset/covariance.js";
import type { FeatureSet } from "../../src/dataset/feature-set.js";
import { standardizationOf } from "../../src/dataset/standardization.js";
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

const standardized = async (
  train: FeatureSet<"train">,
  options: Parameters<typeof standardizationOf>[1] = {},
) => standardizationOf(await fitCovariance(train), options);

const randomFrames = (nFrames: number, nMels: number, random: Random) =>
  Array.from({ length: nFrames }, () =>
    Array.from({ length: nMels }, () => Math.fround(5 + random.normal())),
  );

describe("standardization", () => {
  it("equals scikit-learn's mean and deviation of every band, plus epsilon", async () => {
    const [a, b] = [fixture.frames.slice(0, 7), fixture.frames.slice(7)]; // two clips: the chunks are merged
    const fitted = await standardized(trainOf([a, b]).train);
    expect(fitted).toMatchObject({ kind: "band", epsilon: 1e-3, nFrames: 50 });
    expectClose(fitted.mean, fixture.band.mean);
    expectClose(fitted.std, fixture.band.std, 1e-3);
    expect(fitted.std[2]).toBe(Math.fround(1e-3)); // a constant band
  });
  it("equals scikit-learn's mean and deviation of all values together", async () => {
    const fitted = await standardized(trainOf([fixture.frames]).train, { kind: "global", epsilon: 0.5 });
    expectClose(fitted.mean, new Array(3).fill(fixture.pooled.mean[0]));
    expectClose(fitted.std, new Array(3).fill(fixture.pooled.std[0]), 0.5);
  });
  it("equals two passes over clips of any length, even longer than a chunk", async () => {
    const random = new Random(5);
    const clips = [1, 2500, 30, 1024].map((nFrames) => randomFrames(nFrames, 2, random));
    const all = clips.flat();
    const { train } = trainOf(clips);
    const fitted = await standardized(train);
    const bands = [0, 1].map((band) => twoPass(all.map((frame) => frame[band])));
    expect(fitted.nFrames).toBe(3555);
    expectClose(
      fitted.mean,
      bands.map(([mean]) => mean),
    );
    expectClose(
      fitted.std,
      bands.map(([, std]) => std),
      1e-3,
    );
    const [mean, std] = twoPass(all.flat());
    const pooled = await standardized(train, { kind: "global" });
    expectClose(pooled.mean, [mean, mean]);
    expectClose(pooled.std, [std, std], 1e-3);
  });
  it("does not change the covariance, so that another standardization can be made from it", async () => {
    const covariance = await fitCovariance(trainOf([fixture.frames]).train);
    const before = standardizationOf(covariance);
    standardizationOf(covariance, { kind: "global" });
    expect(standardizationOf(covariance)).toEqual(before);
  });
  it("does not change with the test clips", async () => {
    const clips = [randomFrames(9, 2, new Random(1))];
    const quiet = await standardized(trainOf(clips, [[[0, 0]]]).train);
    const loud = await standardized(trainOf(clips, [[[1e9, -1e9]]]).train);
    expect(loud).toEqual(quiet);
  });
  it("rejects invalid settings and a covariance of no frames", async () => {
    const { train } = trainOf([[[1]]]);
    await expect(standardized(train, { epsilon: 0 })).rejects.toThrow(
      "epsilon must be a number greater than 0, got 0",
    );
    await expect(standardized(train, { kind: "bands" as "band" })).rejects.toThrow(
      "kind must be one of band, global, got bands; did you mean band?",
    );
    expect(() => standardizationOf(new Covariance(2))).toThrow(
      "covariance.count must be an integer of at least 1, got 0",
    );
  });
});
