import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/core/tensor.js";
import { encodeGraph, Graph, type Value } from "../../src/graph/index.js";
import { clipByNorm, globalNorm } from "../../src/nn/gradient-clipping.js";
import { ENGINE } from "../engine.js";
import fixture from "./fixtures/torch-clipping.json" with { type: "json" };
import { decodeStored, relativeError } from "./stored.js";

// Sums of a few dozen float32 squares and a handful of divisions, 6e-8 each, compared with float64.
const TOLERANCE = 1e-6;

/** Runs what `emit` computes from the tensors; the results are in its order. */
async function run(tensors: readonly Tensor[], emit: (values: Value[]) => Value[]): Promise<Tensor[]> {
  const graph = new Graph();
  const values = tensors.map(({ shape }, i) => graph.input(`${i}`, shape));
  for (const [i, value] of emit(values).entries()) graph.output(`result/${i}`, value);
  const session = await ENGINE.open(encodeGraph(graph));
  const results = await session.run(Object.fromEntries(tensors.entries()));
  await session.close();
  return Object.keys(results).map((_, i) => results[`result/${i}`]);
}

const normOf = async (...tensors: Tensor[]) => (await run(tensors, (v) => [globalNorm(v)]))[0].data[0];
const clipped = (tensors: readonly Tensor[], maxNorm: number) => run(tensors, (v) => clipByNorm(v, maxNorm));
const vector = (...data: number[]): Tensor => ({ shape: [data.length], data: Float32Array.from(data) });

const cases = fixture.cases.map((each) => ({
  ...each,
  gradients: each.gradients.map(decodeStored),
  clipped: each.clipped.map(decodeStored),
}));

describe.each(cases)("maxNorm $maxNorm on a norm of $norm, against PyTorch", (each) => {
  it("has the same norm", async () => {
    const norm = await normOf(...each.gradients);
    expect(Math.abs(norm - each.norm)).toBeLessThanOrEqual(TOLERANCE * each.norm);
  });

  it("gives the same gradients", async () => {
    const found = await clipped(each.gradients, each.maxNorm);
    expect(found).toHaveLength(each.clipped.length);
    found.forEach((gradient, i) => {
      expect(relativeError(gradient, each.clipped[i]), `gradient ${i}`).toBeLessThan(TOLERANCE);
    });
  });
});

describe("globalNorm", () => {
  it("is 5 for 3 and 4, in one tensor or in two", async () => {
    expect(await normOf(vector(3, -4))).toBeCloseTo(5, 5);
    expect(await normOf(vector(3), { shape: [1, 2, 1], data: Float32Array.of(0, -4) })).toBeCloseTo(5, 5);
  });

  it("is the norm of the largest tensor if the others are far smaller, in any order", async () => {
    const tensors = [vector(1), vector(3e30, -4e30), vector(1e-30)];
    for (const order of [tensors, tensors.toReversed(), [tensors[1], tensors[0]]])
      expect((await normOf(...order)) / 5e30).toBeCloseTo(1, 6);
  });

  it("is 0 for zeros, and exact for the smallest numbers that exist", async () => {
    expect(await normOf(vector(0, 0))).toBe(0);
    const smallest = 2 ** -149;
    expect(await normOf(vector(3 * smallest, 4 * smallest))).toBe(5 * smallest);
  });

  it.each([1e-36, 1e-19, 1e19, 1e34])("scales with its tensor: %f", async (scale) => {
    const values = Array.from({ length: 3000 }, (_, i) => Math.sin(i + 1));
    const exact = Math.hypot(...values) * scale;
    const shape = [30, 10, 10];
    const data = Float32Array.from(values, (value) => value * scale);
    expect(Math.abs((await normOf({ shape, data })) / exact - 1)).toBeLessThan(TOLERANCE);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("is not finite if an element is %f", async (value) => {
    expect(await normOf(vector(1, value, 2), vector(1))).not.toSatisfy(Number.isFinite);
  });
});

describe("clipByNorm", () => {
  it("leaves gradients within the norm as they are, to the bit", async () => {
    const gradients = [vector(0.1, -0.2, 0.3), vector(0.4)];
    const found = await clipped(gradients, 1);
    expect(found.map(({ data }) => data)).toEqual(gradients.map(({ data }) => data));
  });
});
