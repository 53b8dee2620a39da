import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { fitCovariance } from "../../src/dataset/covariance.js";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { type FeatureSet, featureSets } from "../../src/dataset/feature-set.js";
import { segmentStarts } from "../../src/dataset/segments.js";
import { standardizationOf } from "../../src/dataset/standardization.js";
import { whiteningOf } from "../../src/dataset/whitening.js";
import { frontEnd } from "../../src/features/front-end.js";
import type { NormalizeConfig } from "../../src/training/config.js";
import { fitNormalization } from "../../src/training/normalization.js";
import { memoryClip, trainOf } from "../dataset/stored-clips.js";

// The epsilon of 1e-3 takes 0.4 % of the variance of a direction whose deviation is 0.5; projections are float32, 6e-8.
const FLAT = 1e-2;
const FLOAT32 = 1e-5;

/** Four bands with deviations 8, 4, 2 and 1/2, each correlated with the one before. */
function clipOf(nFrames: number, random: Random): number[][] {
  return Array.from({ length: nFrames }, () => {
    const frame = [8, 4, 2, 0.5].map((std) => std * random.normal());
    return frame.map((x, band) => Math.fround(band + x + (band === 0 ? 0 : 0.1 * frame[band - 1])));
  });
}

const random = new Random(7);
const clips = Array.from({ length: 3 }, () => clipOf(40, random));
const { train } = trainOf(clips, [clipOf(5, random)]);
const covariance = await fitCovariance(train);
const fitted = (normalize: NormalizeConfig) => fitNormalization(train, { normalize, segmentFrames: 16 });
const whiten = (zca: boolean, keepVariance: number) => fitted({ kind: "whiten", zca, keepVariance });
const ratio = (eigenvalues: Float64Array) => Math.max(...eigenvalues) / Math.min(...eigenvalues);

describe("a fitted normalization", () => {
  it("is fitted on all frames of the train split", async () => {
    expect((await fitted({ kind: "none" })).normalization).toEqual({ kind: "none" });
    for (const over of ["band", "global"] as const) {
      const { mean, std } = standardizationOf(covariance, { kind: over });
      const { normalization } = await fitted({ kind: "standardize", over });
      expect(normalization).toEqual({ kind: "standardize", mean, std });
    }
    for (const zca of [false, true]) {
      const { mean, projection } = whiteningOf(covariance, { zca, keepVariance: 0.9 });
      expect((await whiten(zca, 0.9)).normalization).toEqual({ kind: "whiten", mean, projection });
    }
  });

  it("reports the input's spectrum, which before normalization is the same for every kind", async () => {
    const none = await fitted({ kind: "none" });
    expect(none.eigenvalues.after).toEqual(none.eigenvalues.before);
    expect(none.conditionNumber.before).toBe(ratio(none.eigenvalues.before));
    expect(none.conditionNumber.after).toBe(none.conditionNumber.before);
    for (const over of ["band", "global"] as const) {
      const { eigenvalues, conditionNumber } = await fitted({ kind: "standardize", over });
      expect(eigenvalues.before).toEqual(none.eigenvalues.before);
      expect(conditionNumber).toEqual({
        before: none.conditionNumber.before,
        after: ratio(eigenvalues.after),
      });
    }
    for (const zca of [false, true])
      expect(Math.abs((await whiten(zca, 1)).conditionNumber.after - 1)).toBeLessThan(FLAT);
  });

  it("keeps the bands' relative scale with one deviation for all bands, removes it with one per band", async () => {
    const [{ conditionNumber: band }, { conditionNumber: global }] = await Promise.all(
      (["band", "global"] as const).map((over) => fitted({ kind: "standardize", over })),
    );
    expect(Math.abs(global.after / global.before - 1)).toBeLessThan(FLOAT32);
    expect(band.after).toBeLessThan(global.after / 50);
  });

  it("reports the condition number of the components that a whitening keeps, rotated back or not", async () => {
    const [pca, zca] = [await whiten(false, 0.9), await whiten(true, 0.9)];
    expect(pca.eigenvalues.after).toHaveLength(2);
    expect(zca.eigenvalues.after).toHaveLength(4);
    expect(zca.eigenvalues.after[2]).toBeLessThan(FLOAT32); // dropped
    expect(Math.abs(zca.conditionNumber.after / pca.conditionNumber.after - 1)).toBeLessThan(FLOAT32);
    expect(Math.abs(zca.conditionNumber.after - 1)).toBeLessThan(FLAT);
  });
});

describe("a normalization of segments at one level", () => {
  const made = frontEnd({ nMels: 4, compression: { kind: "log1p", scale: 1 } });
  const levels = [3, 0.5, 0.02];
  const clipsAt = (factor: number) =>
    levels.map((level, i) => {
      const random = new Random(i);
      return Array.from({ length: 10 + 7 * i }, () =>
        Array.from({ length: 4 }, () => Math.log1p(factor * level * random.uniform())),
      );
    });
  const setsOf = (trained: number[][][], tested: number[][][]) => {
    const clips = [...trained, ...tested].map((frames, i) =>
      memoryClip(`${i}`, frames, { split: i < trained.length ? "train" : "test" }),
    );
    const data = featuresInMemory(made, clips);
    const splits = { train: data.clips.slice(0, 3), valid: [], test: data.clips.slice(3), hash: "" };
    return featureSets(data, splits);
  };
  const segmentFrames = 12;
  const normalize = { kind: "standardize", over: "band", level: "segment" } as const;
  const fit = (set: FeatureSet<"train">) => fitNormalization(set, { normalize, segmentFrames });

  it("has the level and the statistics of the segments on which clips are evaluated", async () => {
    const segments = clipsAt(1).flatMap((frames) =>
      segmentStarts(frames.length, segmentFrames).map((first) =>
        frames.slice(first, first + segmentFrames).map((frame) => frame.map(Math.expm1)),
      ),
    );
    expect(segments.map(({ length }) => length)).toEqual([10, 12, 12, 12, 12]);
    const levelOf = (segment: number[][]) =>
      Math.max(...segment.map((frame) => frame.reduce((sum, x) => sum + x, 0)));
    const target = segments.reduce((sum, segment) => sum + levelOf(segment) / segments.length, 0);
    const frames = segments.flatMap((segment) =>
      segment.map((frame) => frame.map((x) => Math.log1p((x * target) / levelOf(segment)))),
    );
    const { normalization } = await fit(setsOf(clipsAt(1), []).train);
    if (normalization.kind !== "standardize") throw new Error("of another kind");
    const { level, mean, std } = normalization;
    expect(level!.target / target).toBeCloseTo(1, 5);
    expect(level!.least / level!.target).toBeCloseTo(1e-3, 6);
    for (const band of [0, 1, 2, 3]) {
      const values = frames.map((frame) => frame[band]);
      const average = values.reduce((sum, x) => sum + x, 0) / values.length;
      const variance = values.reduce((sum, x) => sum + (x - average) ** 2, 0) / values.length;
      expect(mean[band]).toBeCloseTo(average, 5);
      expect(std[band]).toBeCloseTo(Math.sqrt(variance) + 1e-3, 5);
    }
  });

  it("does not change with other clips than those of the train split", async () => {
    const [alone, beside] = [setsOf(clipsAt(1), []), setsOf(clipsAt(1), clipsAt(100))];
    expect(await fit(beside.train)).toEqual(await fit(alone.train));
  });

  it("changes nothing in silence alone", async () => {
    const silence = [1, 2, 3].map(() => Array.from({ length: 8 }, () => [0, 0, 0, 0]));
    const { normalization } = await fit(setsOf(silence, []).train);
    expect(normalization.level).toMatchObject({ target: 1, silence: 0 });
    expect(normalization).toMatchObject({ mean: new Float32Array(4) });
  });
});
