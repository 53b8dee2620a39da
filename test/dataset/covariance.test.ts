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

// Float64 throughout: the order changes a sum of some hundred products by this much of the largest variance.
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

/** Frames with correlated bands. */
function randomFrames(nFrames: number, nBands: number, random: Random): number[][] {
  return Array.from({ length: nFrames }, () => {
    const shared = random.normal();
    return Array.from({ length: nBands }, (_, band) => Math.fround(band + shared + random.normal()));
  });
}

describe("covariance", () => {
  it("equals NumPy's", async () => {
    for (const [frames, expected] of [
      [fixture.frames, fixture.covariance],
      [fixture.mixed.frames, fixture.mixed.covariance],
    ]) {
      const fitted = await fitCovariance(trainOf([frames.slice(0, 7), frames.slice(7)]).train);
      expect(fitted.count).toBe(frames.length);
      expectClose(fitted.matrix, expected.flat());
    }
  });
  it("equals the result of two passes, however the frames are cut into chunks", () => {
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
  it("reads no more than the given number of frames", () => {
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
    const messageFor = (split: string) => `train must be the FeatureSet of the train split, got ${split}`;
    // @ts-expect-error the validation split has no statistics
    await expect(fitCovariance(valid)).rejects.toThrow(messageFor("valid"));
    // @ts-expect-error the test split has no statistics
    await expect(fitCovariance(test)).rejects.toThrow(messageFor("test"));
    const any: FeatureSet = test;
    // @ts-expect-error a set of unknown split could be any
    await expect(fitCovariance(any)).rejects.toThrow(messageFor("test"));
    const forged = { ...test, split: "train" as const };
    // @ts-expect-error an object that only looks like the train split is not one
    await expect(fitCovariance(forged)).rejects.toThrow(messageFor("object"));
    expect((await fitCovariance(train)).count).toBe(1);
  });
  it("rejects a train split without clips", async () => {
    const empty = new FeatureSet(
      featuresInMemory(frontEnd(), []),
      { train: [], valid: [], test: [], hash: "" },
      "train",
      ["x"],
    );
    await expect(fitCovariance(empty)).rejects.toThrow("train must hold at least 1 clip, got 0");
  });
  it("rejects features that are not finite, and names their clip", async () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
      for (const band of [0, 1]) {
        const damaged = memoryClip("damaged", [[1, 2]]);
        const data = featuresInMemory(frontEnd({ nMels: 2 }), [memoryClip("whole", [[3, 4]]), damaged]);
        damaged.features.data[band] = bad; // as a store's file may be damaged
        const splits = { train: [...data.clips], valid: [], test: [], hash: "" };
        await expect(fitCovariance(featureSets(data, splits).train)).rejects.toThrow(
          new DataError("damaged", "holds features that are not finite numbers"),
        );
      }
  });
  it("stops at the third clip when it is aborted after the second", async () => {
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
  it("yields to other tasks while it reads memory, so that a pending abort takes effect", async () => {
    const clips = Array.from({ length: 200 }, (_, i) => memoryClip(`${i}`, [[i, 2 * i]]));
    const data = featuresInMemory(frontEnd({ nMels: 2 }), clips);
    const { train } = featureSets(data, { train: data.clips, valid: [], test: [], hash: "" });
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    await expect(fitCovariance(train, { signal: controller.signal })).rejects.toThrow(/aborted/);
  });
  it("yields to other tasks while it reads a store, so that a pending abort takes effect", async () => {
    const clips = Array.from({ length: 400 }, (_, i) => [[i, 2 * i]]);
    const { train } = trainOf(clips);
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    await expect(fitCovariance(train, { signal: controller.signal })).rejects.toThrow(/aborted/);
  });
  it("rejects vectors without bands", () => {
    expect(() => new Covariance(0)).toThrow("nBands must be an integer of at least 1, got 0");
  });
});
