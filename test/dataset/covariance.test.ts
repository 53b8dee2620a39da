import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { Covariance, fitCovariance } from "../../src/dataset/covariance.js";
import fixture from "./fixtures/numpy.json" with { type: "json" };
import { trainOf } from "./stored-clips.js";

// Float64 throughout: sums of some hundred products differ by their order, in units of the largest variance.
const ROUNDING = 1e-10;

function expectClose(found: Float64Array, expected: number[]) {
  const largest = Math.max(...expected.map(Math.abs));
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs(found[i] - value), `entry ${i}`).toBeLessThanOrEqual(ROUNDING * largest);
}

/** Two passes over everything, float64. */
function twoPass(frames: number[][]): { mean: number[]; matrix: number[] } {
  const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mean = frames[0].map((_, band) => average(frames.map((frame) => frame[band])));
  const matrix = mean.flatMap((_, i) =>
    mean.map((_, j) => average(frames.map((frame) => (frame[i] - mean[i]) * (frame[j] - mean[j])))),
  );
  return { mean, matrix };
}

/** Frames that lean on their neighbours' bands. */
function randomFrames(nFrames: number, nBands: number, random: Random): number[][] {
  return Array.from({ length: nFrames }, () => {
    const shared = random.normal();
    return Array.from({ length: nBands }, (_, band) => Math.fround(band + shared + random.normal()));
  });
}

describe("covariance", () => {
  it("is NumPy's", () => {
    for (const [frames, expected] of [
      [fixture.frames, fixture.covariance],
      [fixture.mixed.frames, fixture.mixed.covariance],
    ]) {
      const fitted = fitCovariance(trainOf([frames.slice(0, 7), frames.slice(7)]).train);
      expect(fitted.count).toBe(frames.length);
      expectClose(fitted.matrix, expected.flat());
    }
  });
  it("is that of two passes, however the frames are cut into chunks", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 }),
        fc.integer(),
        (nBands, lengths, seed) => {
          const random = new Random(seed);
          const chunks = lengths.map((nFrames) => randomFrames(nFrames, nBands, random));
          const covariance = new Covariance(nBands);
          for (const chunk of chunks) covariance.add(Float32Array.from(chunk.flat()), chunk.length);
          const expected = twoPass(chunks.flat());
          expect(covariance.count).toBe(chunks.flat().length);
          expectClose(covariance.mean, expected.mean);
          expectClose(covariance.matrix, expected.matrix);
        },
      ),
      { numRuns: 50 },
    );
  });
  it("reads no further than it is told", () => {
    const covariance = new Covariance(2);
    covariance.add(Float32Array.of(1, 2, 3, 6, 100, 100), 2);
    expect([...covariance.mean]).toEqual([2, 4]);
    expect([...covariance.matrix]).toEqual([1, 2, 2, 4]);
  });
  it("does not change with the test clips", () => {
    const clips = [randomFrames(9, 2, new Random(1))];
    const quiet = fitCovariance(trainOf(clips, [[[0, 0]]]).train);
    const loud = fitCovariance(trainOf(clips, [[[1e9, -1e9]]]).train);
    expect([loud.count, loud.mean, loud.matrix]).toEqual([quiet.count, quiet.mean, quiet.matrix]);
  });
  it("can be fitted on the train split only", () => {
    const { test } = trainOf([[[1, 2]]], [[[3, 4]]]);
    // @ts-expect-error a test split has no statistics
    expect(() => fitCovariance(test)).toThrow(
      "fitCovariance: train must be the FeatureSet of the train split, got test",
    );
  });
  it("of about maxFrames is that of whole clips, evenly spaced", () => {
    const random = new Random(2);
    const clips = Array.from({ length: 10 }, () => randomFrames(5, 2, random));
    const { train } = trainOf(clips);
    const matrixOf = (chosen: number[][][]) => fitCovariance(trainOf(chosen).train).matrix;
    const about = (maxFrames: number) => fitCovariance(train, { maxFrames });
    expect(about(15).count).toBe(15);
    expect(about(15).matrix).toEqual(matrixOf([clips[1], clips[5], clips[8]]));
    expect(about(1).matrix).toEqual(matrixOf([clips[5]]));
    expect(about(50).matrix).toEqual(matrixOf(clips));
    expect(about(1000).count).toBe(50);
    expect(() => about(0)).toThrow("fitCovariance: maxFrames must be an integer at least 1, got 0");
  });
  it("refuses features that are not finite, and names their file", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const { train } = trainOf([[[1, 2]], [[1, bad]]]);
      expect(() => fitCovariance(train)).toThrow(
        new RegExp(`${train.clips[1].features}: holds features that are not finite numbers$`),
      );
    }
  });
  it("stops when told to", () => {
    expect(() => fitCovariance(trainOf([[[1]]]).train, { signal: AbortSignal.abort() })).toThrow(/aborted/);
  });
});
