import { Matrix, solve } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { fisherDiscriminants, type Vectors } from "../../src/evaluation/fisher-discriminants.js";
import { ENGINE } from "../engine.js";

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

/** Values of the discriminants at vectors, by their formula. */
function oracle(kinds: readonly Vectors[], at: number[][]): number[][] {
  const all = kinds.flatMap(rowsOf);
  const centre = meanOf(all);
  const std = centre.map((m, i) => Math.sqrt(meanOf(all.map((row) => [(row[i] - m) ** 2]))[0]));
  const scaled = (rows: number[][]) => rows.map((row) => row.map((v, i) => (v - centre[i]) / std[i]));
  const groups = kinds.map((kind) => scaled(rowsOf(kind)));
  const covariance = groups
    .map(covarianceOf)
    .reduce((a, b) => Matrix.add(a, b))
    .div(kinds.length);
  const left = covariance
    .div(covariance.trace() / SIZE)
    .mul(0.1)
    .add(Matrix.eye(SIZE).mul(0.9));
  return groups.map((rows) => {
    const mean = meanOf(rows);
    const weights = solve(left, Matrix.columnVector(mean)).to1DArray();
    const dot = (row: number[]) => row.reduce((sum, value, i) => sum + value * weights[i], 0);
    return scaled(at).map((row) => dot(row) - dot(mean) / 2);
  });
}

describe("fisherDiscriminants", () => {
  const kinds = [drawn("a", 50, 0), drawn("b", 30, 2), drawn("c", 40, -3)];

  it("solves its equations", async () => {
    const at = rowsOf(drawn("at", 20, 1));
    const { weights, biases } = await fisherDiscriminants(kinds, ENGINE);
    const expected = oracle(kinds, at);
    const greatest = Math.max(...expected.flat().map(Math.abs));
    for (const [kind, values] of expected.entries())
      for (const [i, value] of values.entries()) {
        const found = at[i].reduce((sum, x, k) => sum + x * weights[kind][k], biases[kind]);
        expect(Math.abs(found - value)).toBeLessThan(TOLERANCE * greatest);
      }
  });
  it("tells a kind that lies between two others", async () => {
    const [low, middle, high] = [-4, 0, 4].map((shift) => {
      const random = new Random(`${shift}`);
      return { data: Float32Array.from({ length: 60 }, () => shift + random.normal()), size: 2 };
    });
    const { weights, biases } = await fisherDiscriminants([low, middle, high], ENGINE);
    const best = (x: number) => {
      const values = weights.map((each, kind) => each[0] * x + each[1] * x + biases[kind]);
      return values.indexOf(Math.max(...values));
    };
    expect([-4, 0, 4].map(best)).toEqual([0, 1, 2]);
  });
  it("is finite where a value never changes, or nothing does", async () => {
    const flat = kinds.map(({ data }) => ({
      data: data.map((v, i) => (i % SIZE === 3 ? 5 : v)),
      size: SIZE,
    }));
    expect(
      (await fisherDiscriminants(flat, ENGINE)).weights.every((each) => each.every(Number.isFinite)),
    ).toBe(true);
    const same = { data: new Float32Array(14).fill(2), size: SIZE };
    const { weights, biases } = await fisherDiscriminants([same, same], ENGINE);
    expect([weights.map((each) => [...each]), biases.map(Math.abs)]).toEqual([
      [Array(SIZE).fill(0), Array(SIZE).fill(0)],
      [0, 0],
    ]);
  });
});
