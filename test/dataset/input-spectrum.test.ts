import { describe, expect, it } from "vitest";
import { Covariance } from "../../src/dataset/covariance.js";
import { conditionNumber, inputSpectrum } from "../../src/dataset/input-spectrum.js";
import { whiteningOf } from "../../src/dataset/whitening.js";
import fixture from "./fixtures/numpy.json" with { type: "json" };

const FLOAT64 = 1e-10;
// Deviations and projections are stored as float32, 6e-8; the smallest eigenvalue is 1/200 of the largest.
const FLOAT32 = 1e-5;

const { mixed } = fixture;
const covariance = new Covariance(5);
covariance.add(Float32Array.from(mixed.frames.flat()), mixed.frames.length);
const mean = Float32Array.from(covariance.mean);

function expectClose(found: Float64Array, expected: number[], tolerance: number) {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs(found[i] - value), `eigenvalue ${i}`).toBeLessThanOrEqual(tolerance * value);
}

describe("input spectrum", () => {
  it("equals scikit-learn's explained variance without normalization, except for n instead of n - 1", () => {
    const { count } = covariance;
    const expected = mixed.explained_variance.map((value) => (value * (count - 1)) / count);
    expectClose(inputSpectrum(covariance, { kind: "none" }), expected, FLOAT64);
  });
  it("equals the spectrum of NumPy's correlation matrix if every band is divided by its deviation", () => {
    const std = Float32Array.from([0, 1, 2, 3, 4], (band) => Math.sqrt(covariance.matrix[band * 6]));
    const found = inputSpectrum(covariance, { kind: "standardize", mean, std });
    expectClose(found, mixed.correlation_eigenvalues, FLOAT32);
  });
  it("is flat if the bands are whitened, and as wide as the projection", () => {
    const spectrumOf = (options: Parameters<typeof whiteningOf>[1]) =>
      inputSpectrum(covariance, {
        ...whiteningOf(covariance, { epsilon: 1e-12, ...options }),
        kind: "whiten",
      });
    expectClose(spectrumOf({}), [1, 1, 1, 1, 1], FLOAT32);
    expectClose(spectrumOf({ zca: true }), [1, 1, 1, 1, 1], FLOAT32);
    expectClose(spectrumOf({ keepVariance: 0.9 }), [1, 1, 1], FLOAT32);
  });
});

describe("condition number", () => {
  it("equals NumPy's", () => {
    const found = conditionNumber(inputSpectrum(covariance, { kind: "none" }));
    expect(Math.abs(found - mixed.condition)).toBeLessThan(FLOAT64 * mixed.condition);
  });
  it("is the largest eigenvalue divided by the smallest, infinite if the smallest is rounding error", () => {
    expect(conditionNumber(Float64Array.of(8, 4, 2))).toBe(4);
    expect(conditionNumber(Float64Array.of(1, 2 ** -50))).toBe(2 ** 50);
    expect(conditionNumber(Float64Array.of(1, 2 ** -51))).toBe(Number.POSITIVE_INFINITY);
    expect(conditionNumber(Float64Array.of(1024, 2 ** -41))).toBe(Number.POSITIVE_INFINITY);
    expect(conditionNumber(Float64Array.of(1024, 2 ** -40))).toBe(2 ** 50);
    expect(conditionNumber(Float64Array.of(1, 0))).toBe(Number.POSITIVE_INFINITY);
    expect(conditionNumber(Float64Array.of(0, 0))).toBe(Number.POSITIVE_INFINITY);
  });
});
