import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { Covariance, fitCovariance } from "../../src/dataset/covariance.js";
import { type Whitening, whiteningOf } from "../../src/dataset/whitening.js";
import fixture from "./fixtures/numpy.json" with { type: "json" };
import { trainOf } from "./stored-clips.js";

// Mean and projection are rounded to float32 (6e-8), a mean near 7 divided by a deviation of 0.3.
const RELATIVE = 1e-5;
const NEGLIGIBLE = 1e-12;

const { mixed } = fixture;
const nFrames = mixed.frames.length;

function covarianceOf(frames: number[][]): Covariance {
  const covariance = new Covariance(frames[0].length);
  covariance.add(Float32Array.from(frames.flat()), frames.length);
  return covariance;
}

/** `(x - mean) W` of every frame, float64. */
function whitened({ mean, projection }: Whitening, frames: number[][]): number[][] {
  const width = projection.shape[1];
  return frames.map((frame) =>
    Array.from({ length: width }, (_, i) =>
      frame.reduce((sum, x, band) => sum + (x - mean[band]) * projection.data[band * width + i], 0),
    ),
  );
}

const column = (rows: number[][], i: number) => rows.map((row) => row[i]);
const identity = (n: number) => Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));

function expectClose(found: ArrayLike<number>, expected: number[], tolerance: number) {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs(found[i] - value), `entry ${i}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(value)),
    );
}

/** Independent bands of deviation 1 mixed by a random matrix. */
function mixedFrames(nBands: number, random: Random): number[][] {
  const mixing = Array.from({ length: nBands }, (_, i) =>
    Array.from({ length: nBands }, (_, j) => 0.5 * random.normal() + (i === j ? 3 : 0)),
  );
  return Array.from({ length: 200 }, () => {
    const source = mixing.map(() => random.normal());
    return mixing.map((row) => Math.fround(row.reduce((sum, weight, j) => sum + weight * source[j], 2)));
  });
}

describe("whitening", () => {
  it("is scikit-learn's PCA(whiten=True) up to sign, n against n - 1", async () => {
    const covariance = await fitCovariance(trainOf([mixed.frames.slice(0, 9), mixed.frames.slice(9)]).train);
    const whitening = whiteningOf(covariance, { epsilon: NEGLIGIBLE });
    const found = whitened(whitening, mixed.frames);
    const factor = Math.sqrt(nFrames / (nFrames - 1));
    for (let i = 0; i < 5; i++) {
      const theirs = column(mixed.pca, i).map((value) => value * factor);
      const sign = Math.sign(theirs[0] * found[0][i]);
      expectClose(
        column(found, i).map((value) => sign * value),
        theirs,
        RELATIVE,
      );
    }
    expectClose(
      whitening.eigenvalues,
      mixed.explained_variance.map((value) => value / factor ** 2),
      1e-10,
    );
    expect(whitening).toMatchObject({ kind: "pca", keptComponents: 5, epsilon: NEGLIGIBLE, nFrames });
  });
  it("keeps as many components as scikit-learn's PCA(n_components=fraction)", () => {
    const covariance = covarianceOf(mixed.frames);
    const all = whiteningOf(covariance);
    for (const [fraction, kept] of Object.entries(mixed.n_components)) {
      const { keptComponents, projection } = whiteningOf(covariance, { keepVariance: Number(fraction) });
      expect(keptComponents, fraction).toBe(kept);
      expect(projection.shape).toEqual([5, kept]);
      const first = all.projection.data.filter((_, i) => i % 5 < kept);
      expect(projection.data).toEqual(first);
    }
  });
  it("rotated back is SciPy's inverse square root of the covariance", () => {
    const whitening = whiteningOf(covarianceOf(mixed.frames), { zca: true, epsilon: NEGLIGIBLE });
    expect(whitening).toMatchObject({ kind: "zca", keptComponents: 5 });
    expect(whitening.projection.shape).toEqual([5, 5]);
    expectClose(whitening.projection.data, mixed.zca.flat(), RELATIVE);
  });
  it("gives bands of covariance I", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer(), fc.boolean(), (nBands, seed, zca) => {
        const frames = mixedFrames(nBands, new Random(seed));
        const whitening = whiteningOf(covarianceOf(frames), { zca, epsilon: NEGLIGIBLE });
        const after = covarianceOf(whitened(whitening, frames));
        // float32 in the projection and in the frames looked at, by how far apart the deviations are
        const { eigenvalues } = whitening;
        const spread = Math.sqrt(eigenvalues[0] / eigenvalues[nBands - 1]);
        expectClose(after.matrix, identity(nBands), RELATIVE * spread);
        expectClose(after.mean, new Array(nBands).fill(0), RELATIVE * spread);
      }),
      { numRuns: 50 },
    );
  });
  it("rotated back without some components keeps the width and loses these directions only", () => {
    const covariance = covarianceOf(mixed.frames);
    const options = { keepVariance: 0.9, epsilon: NEGLIGIBLE };
    const pca = whiteningOf(covariance, options);
    const zca = whiteningOf(covariance, { ...options, zca: true });
    expect(zca.projection.shape).toEqual([5, 5]);
    expect(zca.keptComponents).toBe(3);
    // distances between frames are those of the three components: a rotation changes none
    const [short, wide] = [whitened(pca, mixed.frames), whitened(zca, mixed.frames)];
    const distance = (frames: number[][], t: number) =>
      Math.hypot(...frames[t].map((x, i) => x - frames[0][i]));
    for (let t = 1; t < nFrames; t++)
      expect(Math.abs(distance(wide, t) - distance(short, t))).toBeLessThan(RELATIVE * distance(short, t));
  });
  it("has in every column a positive entry of largest magnitude", () => {
    const nBands = 6;
    const { projection } = whiteningOf(covarianceOf(mixedFrames(nBands, new Random(3))));
    for (let i = 0; i < nBands; i++) {
      const entries = projection.data.filter((_, at) => at % nBands === i);
      expect(Math.max(...entries)).toBe(Math.max(...entries.map(Math.abs)));
    }
  });
  it("divides by the deviation plus epsilon, so that bands that never move give finite numbers", () => {
    const still = covarianceOf(mixed.frames.map(([x]) => [x, 5, x])); // one constant band, one twice
    for (const zca of [false, true]) {
      const { projection } = whiteningOf(still, { zca, epsilon: 0.01 });
      expect(projection.data.every(Number.isFinite)).toBe(true);
      expect(Math.max(...projection.data.map(Math.abs))).toBeLessThanOrEqual(1 / Math.fround(0.01));
    }
    const pca = whiteningOf(covarianceOf([[-3], [3]]), { epsilon: 1 }); // deviation 3
    expect([...pca.projection.data]).toEqual([0.25]);
    expect(whiteningOf(still).epsilon).toBe(1e-3);
  });
  it("of fewer frames than bands has no eigenvalue below 0, where rounding gives some", () => {
    const random = new Random(4);
    for (let draw = 0; draw < 20; draw++) {
      const frames = [1, 2, 3].map(() => Array.from({ length: 8 }, () => random.normal()));
      const { eigenvalues, projection } = whiteningOf(covarianceOf(frames));
      expect(eigenvalues.every((value) => value >= 0)).toBe(true);
      expect(projection.data.every(Number.isFinite)).toBe(true);
    }
  });
  it("of one frame, or of silence, is finite", () => {
    for (const frames of [[[1, 2]], [...Array(4)].map(() => [-80, -80])])
      for (const keepVariance of [0.5, 1]) {
        const whitening = whiteningOf(covarianceOf(frames), { keepVariance });
        expect(whitening.keptComponents).toBe(keepVariance === 1 ? 2 : 1);
        expect(whitened(whitening, frames).flat().every(Number.isFinite)).toBe(true);
      }
  });
  it("does not change with the test clips", async () => {
    const quiet = whiteningOf(await fitCovariance(trainOf([mixed.frames], [[[0, 0, 0, 0, 0]]]).train));
    const loud = whiteningOf(await fitCovariance(trainOf([mixed.frames], [[[9e9, 0, -9e9, 1, 2]]]).train));
    expect(loud).toEqual(quiet);
  });
  it("refuses what it cannot do", () => {
    const covariance = covarianceOf([[1, 2]]);
    expect(() => whiteningOf(covariance, { keepVariance: 0 })).toThrow(
      "keepVariance must be a number greater than 0 and at most 1, got 0",
    );
    expect(() => whiteningOf(covariance, { keepVariance: 1.1 })).toThrow("at most 1, got 1.1");
    expect(() => whiteningOf(covariance, { epsilon: 0 })).toThrow(
      "epsilon must be a number greater than 0, got 0",
    );
    expect(() => whiteningOf(new Covariance(2))).toThrow(
      "covariance.count must be an integer of at least 1, got 0",
    );
  });
});
