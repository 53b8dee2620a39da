import { expect, it } from "vitest";
import { encodeGraph, Graph, matmul, relu } from "../../src/graph/index.js";
import { withStandardOperators } from "../../src/graph/standard-operators.js";
import { drawn, drawOf } from "./draw.js";
import { runOnnxRuntime } from "./onnx-runtime.js";

it("products of transposed matrices become standard operators with the same results", async () => {
  const graph = new Graph();
  const [a, b] = [graph.input("a", [2, 3, 4]), graph.input("b", [2, 5, 3])];
  const hidden = relu(a);
  const product = matmul(hidden, b, { transA: true, transB: true }); // [2, 4, 5]
  graph.output("product", product);
  graph.output("square", matmul(product, product, { transB: true }));
  graph.output("gram", matmul(hidden, hidden, { transA: true }));
  graph.output("plain", matmul(b, hidden));
  const model = encodeGraph(graph);
  const standard = withStandardOperators(model);
  const [before, after] = [model, standard].map((bytes) => Buffer.from(bytes).toString("latin1"));
  expect(before).toContain("FusedMatMul");
  expect(after).not.toContain("FusedMatMul");
  expect(after.match(/relu_\d+\/swapped/g)).toHaveLength(3); // written once, read twice
  const inputs = { a: drawn(drawOf([2, 3, 4]), "a"), b: drawn(drawOf([2, 5, 3]), "b") };
  const [expected, actual] = [await runOnnxRuntime(model, inputs), await runOnnxRuntime(standard, inputs)];
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(actual[name].shape).toEqual(shape);
    data.forEach((value, i) => {
      expect(actual[name].data[i]).toBeCloseTo(value, 5); // float32, sums of at most 5 products
    });
  }
});
