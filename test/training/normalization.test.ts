import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { fitCovariance } from "../../src/dataset/covariance.js";
import { standardizationOf } from "../../src/dataset/standardization.js";
import { whiteningOf } from "../../src/dataset/whitening.js";
import { fitNormalization } from "../../src/training/normalization.js";
import { trainOf } from "../dataset/stored-clips.js";

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
const whiten = (zca: boolean, keepVariance: number) =>
  fitNormalization(train, { kind: "whiten", zca, keepVariance });
const ratio = (eigenvalues: Float64Array) => Math.max(...eigenvalues) / Math.min(...eigenvalues);

describe("a fitted normalization", () => {
  it("is fitted on all frames of the train split", async () => {
    expect((await fitNormalization(train, { kind: "none" })).normalization).toEqual({ kind: "none" });
    for (const over of ["band", "global"] as const) {
      const { mean, std } = standardizationOf(covariance, { kind: over });
      const { normalization } = await fitNormalization(train, { kind: "standardize", over });
      expect(normalization).toEqual({ kind: "standardize", mean, std });
    }
    for (const zca of [false, true]) {
      const { mean, projection } = whiteningOf(covariance, { zca, keepVariance: 0.9 });
      expect((await whiten(zca, 0.9)).normalization).toEqual({ kind: "whiten", mean, projection });
    }
  });

  it("reports the input's spectrum, which before normalization is the same for every kind", async () => {
    const none = await fitNormalization(train, { kind: "none" });
    expect(none.eigenvalues.after).toEqual(none.eigenvalues.before);
    expect(none.conditionNumber.before).toBe(ratio(none.eigenvalues.before));
    expect(none.conditionNumber.after).toBe(none.conditionNumber.before);
    for (const over of ["band", "global"] as const) {
      const { eigenvalues, conditionNumber } = await fitNormalization(train, { kind: "standardize", over });
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
      (["band", "global"] as const).map((over) => fitNormalization(train, { kind: "standardize", over })),
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
