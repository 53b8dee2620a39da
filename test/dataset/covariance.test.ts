import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { Random } from "../../src/core/random.js";
import { Covariance, fitCovariance } from "../../src/dataset/covariance.js";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { FeatureSet, featureSets } from "../../src/dataset/feature-set.js";
import type { FrameReader } from "../../src/dataset/frame-reader.js";
import { frontEnd } from "../../src/features/front-end.js";
import fixture from "./fixtures/numpy.json" with { type: "json" };
import { memoryClip, trainOf } from "./stored-clips.js";

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
  it("is NumPy's", async () => {
    for (const [frames, expected] of [
      [fixture.frames, fixture.covariance],
      [fixture.mixed.frames, fixture.mixed.covariance],
    ]) {
      const fitted = await fitCovariance(trainOf([frames.slice(0, 7), frames.slice(7)]).train);
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
    expect([...covariance.variance]).toEqual([1, 4]);
  });
  it("does not change with the test clips", async () => {
    const clips = [randomFrames(9, 2, new Random(1))];
    const quiet = await fitCovariance(trainOf(clips, [[[0, 0]]]).train);
    const loud = await fitCovariance(trainOf(clips, [[[1e9, -1e9]]]).train);
    expect([loud.count, loud.mean, loud.matrix]).toEqual([quiet.count, quiet.mean, quiet.matrix]);
  });
  it("can be fitted on the train split only", async () => {
    const { train, valid, test } = trainOf([[[1, 2]]], [[[3, 4]]]);
    const refused = (split: string) => `train must be the FeatureSet of the train split, got ${split}`;
    // @ts-expect-error a valid split has no statistics
    await expect(fitCovariance(valid)).rejects.toThrow(refused("valid"));
    // @ts-expect-error a test split has no statistics
    await expect(fitCovariance(test)).rejects.toThrow(refused("test"));
    const any: FeatureSet = test;
    // @ts-expect-error a set of some split may be any
    await expect(fitCovariance(any)).rejects.toThrow(refused("test"));
    const forged = { ...test, split: "train" as const };
    // @ts-expect-error what only looks like the train split is not
    await expect(fitCovariance(forged)).rejects.toThrow(refused("object"));
    expect((await fitCovariance(train)).count).toBe(1);
  });
  it("refuses a train split without clips", async () => {
    const empty = new FeatureSet(
      featuresInMemory(frontEnd(), []),
      { train: [], valid: [], test: [], hash: "" },
      "train",
      ["x"],
    );
    await expect(fitCovariance(empty)).rejects.toThrow("train must hold at least 1 clip, got 0");
  });
  it("refuses features that are not finite, and names their clip", async () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
      for (const frame of [
        [bad, 2],
        [1, bad],
      ])
        await expect(fitCovariance(trainOf([[[1, 2]], [frame]]).train)).rejects.toThrow(
          new DataError("clip 1", "holds features that are not finite numbers"),
        );
  });
  it("stops at the third clip when it is told to after the second", async () => {
    const clips = Array.from({ length: 5 }, (_, i) => [[i, i]]);
    const controller = new AbortController();
    const data = featuresInMemory(
      frontEnd({ nMels: 2 }),
      clips.map((frames, i) => memoryClip(`${i}`, frames)),
    );
    const read: string[] = [];
    const reader: FrameReader = {
      ...data.reader,
      async read(clip, ...rest) {
        read.push(clip.name);
        await data.reader.read(clip, ...rest);
        if (read.length === 2) controller.abort();
      },
    };
    const splits = { train: data.clips, valid: [], test: [], hash: "" };
    const { train } = featureSets({ ...data, reader }, splits);
    await expect(fitCovariance(train, { signal: controller.signal })).rejects.toThrow(/aborted/);
    expect(read).toEqual(["0", "1"]);
  });
  it("lets others have a turn while it reads a store, so that an abort that is due is heard", async () => {
    const clips = Array.from({ length: 400 }, (_, i) => [[i, 2 * i]]);
    const { train } = trainOf(clips);
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    await expect(fitCovariance(train, { signal: controller.signal })).rejects.toThrow(/aborted/);
  });
  it("refuses vectors of no bands", () => {
    expect(() => new Covariance(0)).toThrow("nBands must be an integer of at least 1, got 0");
  });
});
