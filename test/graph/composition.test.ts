import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import {
  add,
  averagePool,
  batchNorm,
  batchNormMaxPool,
  encodeGraph,
  Graph,
  globalMaxPool,
  gradients,
  isPositive,
  maxPool,
  mul,
  neg,
  relu,
  sum,
  type Value,
} from "../../src/graph/index.js";
import { expectNear, lossModel } from "./check-op.js";
import { drawn, drawOf, positive } from "./draw.js";
import { build, type Dense } from "./interpreter/dense.js";
import { Interpreter } from "./interpreter/interpreter.js";
import { runOnnxRuntime } from "./onnx-runtime.js";

const EPSILON = 1e-3;
// Relative to the largest element: both sides are float64, with constants such as 1 / 30 stored as float32 (6e-8).
const TOLERANCE = 1e-6;

/** All outputs of an operation's loss model, in float64. */
function outputsOf(
  build: (v: Record<string, Value>) => Value,
  inputs: Record<string, Dense>,
): Record<"out" | "weights" | "dx" | "dscale" | "dshift", Dense> {
  const draws = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, drawOf(shape)]));
  const { graph, outShape } = lossModel(draws, build);
  const weights = drawn(drawOf(outShape), "weights");
  const results = new Interpreter(encodeGraph(graph)).run({ ...inputs, weights });
  return { ...(results as ReturnType<typeof outputsOf>), weights };
}

const total = ({ data }: Dense) => data.reduce((sum, value) => sum + value, 0);

/** Integers from -2 to 2: most windows have ties. */
function fewLevels(shape: number[]): Dense {
  const random = new Random("few levels");
  return build(shape, () => random.integer(5) - 2);
}

const POOLED: [string, number[], number[]][] = [
  ["[3, 2, 8] by [2]", [3, 2, 8], [2]],
  ["[3, 2, 8] by [3], with a remainder", [3, 2, 8], [3]],
  ["[2, 3, 4, 6] by [2, 2]", [2, 3, 4, 6], [2, 2]],
  ["[2, 3, 5, 7] by [2, 3], with remainders", [2, 3, 5, 7], [2, 3]],
];

describe("batchNormMaxPool equals maxPool(batchNorm)", () => {
  const inputsOf = (x: Dense) => ({
    x,
    scale: drawn(positive(x.shape[1]), "scale"),
    shift: drawn(drawOf([x.shape[1]]), "shift"),
  });
  const expectEqual = (x: Dense, size: number[]) => {
    const inputs = inputsOf(x);
    const fused = outputsOf(
      (v) => batchNormMaxPool(v["x"], v["scale"], v["shift"], { epsilon: EPSILON, size }).out,
      inputs,
    );
    const composed = outputsOf(
      (v) => maxPool(batchNorm(v["x"], v["scale"], v["shift"], EPSILON).out, size),
      inputs,
    );
    for (const key of ["out", "dx", "dscale", "dshift"] as const)
      expectNear(fused[key], composed[key], TOLERANCE, key);
  };

  it.each(POOLED)("%s", (_, shape, size) => {
    expectEqual(drawn(drawOf(shape), "x"), size);
  });
  it.each(POOLED)("with ties: %s", (_, shape, size) => {
    expectEqual(fewLevels(shape), size);
  });

  it("has the same statistics, over all of x: the two-pass mean and biased variance", () => {
    const x = drawn(drawOf([2, 3, 5, 7]), "x");
    const graph = new Graph();
    const [value, scale, shift] = [
      graph.input("x", x.shape),
      graph.input("scale", [3]),
      graph.input("shift", [3]),
    ];
    const plain = batchNorm(value, scale, shift, EPSILON);
    const fused = batchNormMaxPool(value, scale, shift, { epsilon: EPSILON, size: [2, 2] });
    Object.entries({ plain, fused }).forEach(([name, { mean, variance }]) => {
      graph.output(`${name} mean`, mean);
      graph.output(`${name} variance`, variance);
    });
    const ones = build([3], () => 1);
    const results = new Interpreter(encodeGraph(graph)).run({ x, scale: ones, shift: ones });

    const channels = [0, 1, 2].map((c) =>
      [0, 1].flatMap((n) => [...x.data.slice((n * 3 + c) * 35, (n * 3 + c + 1) * 35)]),
    );
    const means = channels.map((values) => values.reduce((sum, value) => sum + value, 0) / 70);
    const variances = channels.map(
      (values, c) => values.reduce((sum, value) => sum + (value - means[c]) ** 2, 0) / 70,
    );
    for (const name of ["plain", "fused"]) {
      expectNear(results[`${name} mean`], { shape: [3], data: Float64Array.from(means) }, TOLERANCE, name);
      expectNear(
        results[`${name} variance`],
        { shape: [3], data: Float64Array.from(variances) },
        TOLERANCE,
        name,
      );
    }
  });
});

describe("batchNorm in float32", () => {
  // The variance is the mean of squares minus the square of the mean: the difference of two numbers about ratio^2 times
  // as large. Measured at ratio 10: 2e-4; at 100: 3e-3. Convolutions of centred inputs stay below 10.
  const VARIANCE_TOLERANCE = 1e-3;

  it.each([0, 1, 10])("computes the variance if the mean is %i deviations from 0", async (ratio) => {
    const random = new Random("far mean");
    const x = build([16, 1, 16, 16], () => Math.fround(ratio + random.normal()));
    const graph = new Graph();
    const [value, scale, shift] = [
      graph.input("x", x.shape),
      graph.input("scale", [1]),
      graph.input("shift", [1]),
    ];
    graph.output("variance", batchNorm(value, scale, shift, EPSILON).variance);
    const one = build([1], () => 1);
    const { variance } = await runOnnxRuntime(encodeGraph(graph), { x, scale: one, shift: one });
    const mean = total(x) / x.data.length;
    const expected = x.data.reduce((sum, element) => sum + (element - mean) ** 2, 0) / x.data.length;
    expectNear(
      variance,
      build([1], () => expected),
      VARIANCE_TOLERANCE,
      "variance",
    );
  });
  it.each([0.1, 1.7, 33.3, 1234.5])(
    "gives a constant %d a variance of at least 0 and finite outputs",
    async (level) => {
      const x = build([4, 1, 7, 9], () => Math.fround(level));
      const graph = new Graph();
      const [value, scale, shift] = [
        graph.input("x", x.shape),
        graph.input("scale", [1]),
        graph.input("shift", [1]),
      ];
      const { out, variance } = batchNorm(value, scale, shift, 1e-12);
      graph.output("out", out);
      graph.output("variance", variance);
      const one = build([1], () => 1);
      const results = await runOnnxRuntime(encodeGraph(graph), { x, scale: one, shift: one });
      expect(results["variance"].data[0]).toBeGreaterThanOrEqual(0);
      expect(results["out"].data.every(Number.isFinite)).toBe(true);
    },
  );
});

describe("ties", () => {
  const constant = (shape: number[]) => build(shape, () => 0.7);

  it.each(POOLED)("maxPool of a constant shares the gradient equally: %s", (_, shape, size) => {
    const { dx, weights } = outputsOf((v) => maxPool(v["x"], size), { x: constant(shape) });
    expect(total(dx)).toBeCloseTo(total(weights), 6);
    const shared = outputsOf((v) => averagePool(v["x"], size), { x: constant(shape) });
    expectNear(dx, shared.dx, TOLERANCE, "dx");
  });
  it.each(POOLED)("maxPool of few levels keeps the sum of the gradient: %s", (_, shape, size) => {
    const { dx, weights } = outputsOf((v) => maxPool(v["x"], size), { x: fewLevels(shape) });
    expect(total(dx)).toBeCloseTo(total(weights), 6);
  });
  it("globalMaxPool of a constant shares the gradient equally", () => {
    const { dx, weights } = outputsOf((v) => globalMaxPool(v["x"]), { x: constant([2, 3, 4, 5]) });
    expectNear(
      dx,
      build([2, 3, 4, 5], ([n, c]) => weights.data[n * 3 + c] / 20),
      TOLERANCE,
      "dx",
    );
  });
  it("globalMaxPool of two equal elements gives half the gradient to each", () => {
    const x = { shape: [1, 1, 4], data: Float64Array.of(3, -1, 3, 2) };
    const { dx, weights } = outputsOf((v) => globalMaxPool(v["x"]), { x });
    expect([...dx.data]).toEqual([0.5, 0, 0.5, 0].map((fraction) => fraction * weights.data[0]));
  });
  it("the gradient of relu at 0 is 0", () => {
    const x = { shape: [3], data: Float64Array.of(-1, 0, 2) };
    const { dx, weights } = outputsOf((v) => relu(v["x"]), { x });
    expect([...dx.data].map(Math.abs)).toEqual([0, 0, Math.abs(weights.data[2])]);
  });
});

describe("isPositive", () => {
  it("is a step, even for the smallest normal float32 and for infinity", async () => {
    const values = [0, 1.2e-38, 1e-30, 1, 3e38, Number.POSITIVE_INFINITY];
    const x = { shape: [12], data: Float64Array.from([...values, ...values.map((value) => -value)]) };
    const graph = new Graph();
    graph.output("step", isPositive(graph.input("x", [12])));
    const { step } = await runOnnxRuntime(encodeGraph(graph), { x });
    expect([...step.data]).toEqual([0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
  });
});

describe("gradients", () => {
  it("accumulates over the uses of a value", () => {
    const x = drawn(drawOf([2, 3]), "x");
    const used = outputsOf((v) => add(mul(v["x"], v["x"]), add(neg(v["x"]), mul(v["x"], 3))), { x });
    const expected = build([2, 3], ([i, j]) => {
      const place = i * 3 + j;
      return used.weights.data[place] * (2 * x.data[place] + 2);
    });
    expectNear(used.dx, expected, TOLERANCE, "dx");
  });
  it("differentiates with respect to a value and to another computed from it", () => {
    const graph = new Graph();
    const x = graph.input("x", [3]);
    const y = mul(x, x);
    gradients(sum(mul(y, 2)), [x, y]).forEach((gradient, i) => {
      graph.output(`d${i}`, gradient);
    });
    const results = new Interpreter(encodeGraph(graph)).run({
      x: { shape: [3], data: Float64Array.of(1, 2, 3) },
    });
    expect([...results["d0"].data]).toEqual([4, 8, 12]);
    expect([...results["d1"].data]).toEqual([2, 2, 2]);
  });
  it("is 1 for a loss with respect to itself", () => {
    const graph = new Graph();
    const x = graph.input("x", []);
    graph.output("dx", gradients(x, [x])[0]);
    const results = new Interpreter(encodeGraph(graph)).run({ x: { shape: [], data: Float64Array.of(7) } });
    expect([...results["dx"].data]).toEqual([1]);
  });
  it("rejects a loss that is not a scalar, and a parameter that the loss does not use", () => {
    const graph = new Graph();
    const [x, bias] = [graph.input("x", [2, 3]), graph.input("bias", [4])];
    expect(() => gradients(x, [x])).toThrow("loss must be a scalar, got shape [2, 3]");
    expect(() => gradients(sum(x), [x, bias])).toThrow(
      "parameters must all contribute to the loss, got bias, which does not",
    );
    expect(() => gradients(sum(isPositive(x)), [x])).toThrow(
      "parameters must all contribute to the loss, got x, which does not",
    );
  });
});
