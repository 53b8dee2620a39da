import { Matrix, solve } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { ridgeDirection, type Vectors } from "../../src/evaluation/ridge-direction.js";

const SIZE = 7;
/** Conjugate gradients stop at 1e-5 of the right side. */
const TOLERANCE = 1e-4;

/** Vectors whose entries depend on one another, with means and deviations that differ. */
function drawn(seed: string, count: number, shift: number): Vectors {
  const random = new Random(seed);
  const rows = Array.from({ length: count }, () => {
    const common = random.normal();
    return Array.from({ length: SIZE }, (_, i) => shift * i + (1 + i ** 2) * (random.normal() + common));
  });
  return { data: Float32Array.from(rows.flat()), size: SIZE };
}

const rowsOf = ({ data, size }: Vectors) =>
  Array.from({ length: data.length / size }, (_, i) => [...data.subarray(i * size, (i + 1) * size)]);
const meanOf = (rows: number[][]) =>
  rows[0].map((_, i) => rows.reduce((s, row) => s + row[i], 0) / rows.length);
const covarianceOf = (rows: number[][]) => {
  const mean = meanOf(rows);
  const centred = new Matrix(rows.map((row) => row.map((value, i) => value - mean[i])));
  return centred.transpose().mmul(centred).div(rows.length);
};

/** The same by its formula. */
function oracle(vectors: Vectors, others: Vectors): number[] {
  const mean = meanOf(rowsOf(vectors));
  const std = mean.map((m, i) => Math.sqrt(meanOf(rowsOf(vectors).map((row) => [(row[i] - m) ** 2]))[0]));
  const [a, b] = [vectors, others].map((kind) => rowsOf(kind).map((row) => row.map((v, i) => v / std[i])));
  const covariance = covarianceOf(a).add(covarianceOf(b)).div(2);
  const scaled = covariance.div(covariance.trace() / SIZE);
  const left = scaled.mul(0.1).add(Matrix.eye(SIZE).mul(0.9));
  const difference = meanOf(b).map((value, i) => [value - meanOf(a)[i]]);
  return solve(left, new Matrix(difference))
    .to1DArray()
    .map((value, i) => value / std[i]);
}

describe("ridgeDirection", () => {
  const [vectors, others] = [drawn("a", 50, 0), drawn("b", 30, 2)];

  it("solves its equations", () => {
    const expected = oracle(vectors, others);
    const found = ridgeDirection(vectors, others);
    const greatest = Math.max(...expected.map(Math.abs));
    for (const [i, value] of expected.entries())
      expect(Math.abs(found[i] - value)).toBeLessThan(TOLERANCE * greatest);
  });
  it("is finite where a value never changes, or nothing does", () => {
    const flat = { data: vectors.data.map((value, i) => (i % SIZE === 3 ? 5 : value)), size: SIZE };
    expect([...ridgeDirection(flat, others)].every(Number.isFinite)).toBe(true);
    const same = { data: new Float32Array(14).fill(2), size: SIZE };
    expect([...ridgeDirection(same, same)]).toEqual(Array(SIZE).fill(0));
  });
});
