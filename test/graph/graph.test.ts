import onnxProto from "onnx-proto";
import { describe, expect, it } from "vitest";
import {
  add,
  compare,
  conv,
  dense,
  dropout,
  encodeGraph,
  flip,
  Graph,
  globalAveragePool,
  matmul,
  maximum,
  maxPool,
  pad,
  relu,
  reshape,
  sigmoid,
  type Value,
  where,
} from "../../src/graph/index.js";
import { usageMessageOf } from "../store/message-of.js";
import { expectNear } from "./check-op.js";
import { drawn, drawOf } from "./draw.js";
import { build, type Dense } from "./interpreter/dense.js";
import { Interpreter } from "./interpreter/interpreter.js";
import { modelOf, weight } from "./models.js";
import { runOnnxRuntime } from "./onnx-runtime.js";

// Relative to the largest element: float32 rounds by 6e-8 in every step.
const FLOAT32_TOLERANCE = 1e-6;

async function resultOf(data: number[], shape: number[], op: (x: Value) => Value): Promise<Dense> {
  const x = { shape, data: Float64Array.from(data) };
  const { out } = await runOnnxRuntime(modelOf(shape, op), { x });
  expectNear(new Interpreter(modelOf(shape, op)).run({ x })["out"], out, FLOAT32_TOLERANCE, "interpreter");
  return out;
}

describe("operations without a gradient", () => {
  const six = [1, -2, 3, -4, 5, -6];
  it.each<[string, (x: Value) => Value, number[], number[]]>([
    ["maximum", (x) => maximum(x, 0), [2, 3], [1, 0, 3, 0, 5, 0]],
    ["where and Greater", (x) => where(compare("Greater", x, 1), x, 7), [2, 3], [7, 7, 3, 7, 5, 7]],
    [
      "where and GreaterOrEqual",
      (x) => where(compare("GreaterOrEqual", x, 1), 1, 0),
      [2, 3],
      [1, 0, 1, 0, 1, 0],
    ],
    ["Less", (x) => where(compare("Less", x, -2), 1, 0), [2, 3], [0, 0, 0, 1, 0, 1]],
    ["Equal", (x) => where(compare("Equal", x, 5), 1, 0), [2, 3], [0, 0, 0, 0, 1, 0]],
    ["flip", (x) => flip(x, 1), [2, 3], [3, -2, 1, -6, 5, -4]],
    ["flip of the first axis", (x) => flip(x, 0), [2, 3], [-4, 5, -6, 1, -2, 3]],
    ["pad of the last axis", (x) => pad(x, [1], [0], 9), [2, 4], [9, 1, -2, 3, 9, -4, 5, -6]],
    ["pad of both axes", (x) => pad(x, [0, 0], [1, 1]), [3, 4], [1, -2, 3, 0, -4, 5, -6, 0, 0, 0, 0, 0]],
  ])("%s", async (_, op, shape, data) => {
    const out = await resultOf(six, [2, 3], op);
    expect(out.shape).toEqual(shape);
    expect([...out.data]).toEqual(data);
  });
});

describe("dropout", () => {
  it("drops the elements whose noise is below the rate and scales the others", () => {
    const graph = new Graph();
    graph.output("out", dropout(graph.input("x", [2, 2]), graph.input("noise", [2, 2]), 0.25));
    const x = { shape: [2, 2], data: Float64Array.of(3, -6, 9, 12) };
    const noise = { shape: [2, 2], data: Float64Array.of(0, 0.25, 0.24, 0.99) };
    const { out } = new Interpreter(encodeGraph(graph)).run({ x, noise });
    expectNear(out, { shape: [2, 2], data: Float64Array.of(0, -8, 0, 16) }, FLOAT32_TOLERANCE, "out");
  });
});

describe("a graph with a free batch size", () => {
  const graph = new Graph({ batch: "free" });
  const x = graph.input("x", [1, 2, 9]);
  const filtered = relu(conv(x, weight(graph, "kernel", [3, 2, 3]), { padding: 1 }));
  const rows = reshape(maxPool(filtered, [2]), [1, 12]);
  const hidden = dense(rows, weight(graph, "w1", [5, 12]), weight(graph, "b1", [5]));
  const pooled = globalAveragePool(reshape(relu(hidden), [1, 1, 5]));
  graph.output("y", sigmoid(add(matmul(pooled, weight(graph, "w2", [1, 2])), weight(graph, "b2", [2]))));
  const bytes = encodeGraph(graph);

  it.each([1, 2, 7])(
    "takes %i examples, and each one's result does not depend on the others",
    async (count) => {
      const batch = drawn(drawOf([count, 2, 9]), "batch");
      const { y } = await runOnnxRuntime(bytes, { x: batch });
      expect(y.shape).toEqual([count, 2]);
      expectNear(new Interpreter(bytes).run({ x: batch })["y"], y, FLOAT32_TOLERANCE, "interpreter");
      for (let n = 0; n < count; n++) {
        const alone = { shape: [1, 2, 9], data: batch.data.slice(n * 18, (n + 1) * 18) };
        const expected = (await runOnnxRuntime(bytes, { x: alone }))["y"];
        expectNear(
          { shape: [1, 2], data: y.data.slice(n * 2, n * 2 + 2) },
          expected,
          FLOAT32_TOLERANCE,
          `${n}`,
        );
      }
    },
  );
  it("names the first dimension batch", () => {
    const { input, output } = onnxProto.onnx.ModelProto.decode(bytes).graph!;
    for (const { type } of [...input!, ...output!])
      expect(type!.tensorType!.shape!.dim![0].dimParam).toBe("batch");
  });
});

describe("Graph", () => {
  it("rejects a name that is taken", () => {
    const graph = new Graph();
    const x = graph.input("x", [2]);
    graph.output("y", x);
    expect(() => graph.input("x", [3])).toThrow("name must be unique in the graph, got x twice");
    expect(() => graph.output("y", x)).toThrow("name must be unique in the graph, got y twice");
    expect(() => graph.output("x", x)).toThrow("name must be unique in the graph, got x twice");
    expect(() => weight(graph, "y", [2])).toThrow("name must be unique in the graph, got y twice");
  });
  it.each<[string, number[], number[], (a: Value, b: Value) => Value]>([
    ["shapes must broadcast in Add, got [2, 3] and [2]", [2, 3], [2], add],
    [
      "shapes must broadcast in Where, got [2, 3] and [4]",
      [2, 3],
      [4],
      (a, b) => where(compare("Less", a, 0), b, 1),
    ],
    [
      "shape must hold the 6 elements of x [2, 3], got [4], which holds 4",
      [2, 3],
      [4],
      (a, b) => reshape(a, b.shape),
    ],
    ["b must match the inner size of a [2, 3] in a matrix product, got [2, 3]", [2, 3], [2, 3], matmul],
    [
      "b must match the leading axes of a [5, 2, 3] in a matrix product, got [3, 2]",
      [5, 2, 3],
      [3, 2],
      matmul,
    ],
    [
      "w must fit x [2, 3] as the weights of a dense layer, got [4, 2]",
      [2, 3],
      [4, 2],
      (x, w) => dense(x, w, x.graph.input("b", [4])),
    ],
    ["w must fit x [1, 2, 9] as the kernels of a convolution, got [3, 1, 3]", [1, 2, 9], [3, 1, 3], conv],
    [
      "w must fit x [1, 2, 9, 9] as the kernels of a convolution, got [3, 2, 3]",
      [1, 2, 9, 9],
      [3, 2, 3],
      conv,
    ],
    [
      "w must have kernels no larger than x [1, 2, 2] padded by 1, got kernels of size [5]",
      [1, 2, 2],
      [3, 2, 5],
      (x, w) => conv(x, w, { padding: 1 }),
    ],
    [
      "size must have one number per spatial axis of x [1, 2, 4, 4], got [2]",
      [1, 2, 4, 4],
      [1],
      (x) => maxPool(x, [2]),
    ],
    [
      "size must be a pooling window that fits into x [1, 2, 4], got [5]",
      [1, 2, 4],
      [1],
      (x) => maxPool(x, [5]),
    ],
  ])("%s", (message, a, b, op) => {
    const graph = new Graph();
    expect(usageMessageOf(() => op(graph.input("a", a), graph.input("b2", b)))).toBe(message);
  });
});

describe("the interpreter", () => {
  const run = (opType: string, attributes: Record<string, number>, domain = "") => {
    const graph = new Graph();
    const x = graph.input("x", [2]);
    graph.output("y", graph.emit(opType, [x], { shape: [2] }, attributes, domain));
    return () => new Interpreter(encodeGraph(graph)).run({ x: build([2], () => 1) });
  };
  it("rejects what it has no rule for", () => {
    expect(run("Cos", {})).toThrow("no rule for");
    expect(run("Exp", { axis: 1 })).toThrow("no rule for attribute axis");
    expect(run("Exp", {}, "com.microsoft")).toThrow("no rule for");
  });
});
