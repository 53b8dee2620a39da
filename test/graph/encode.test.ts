import onnxProto from "onnx-proto";
import { describe, expect, it } from "vitest";
import { tensor } from "../../src/core/tensor.js";
import {
  add,
  conv,
  encodeGraph,
  exp,
  Graph,
  gradients,
  maxPool,
  mul,
  relu,
  sqrt,
  sum,
} from "../../src/graph/index.js";
import { Interpreter } from "./interpreter/interpreter.js";
import { modelOf, weight } from "./models.js";

describe("encodeGraph", () => {
  it("leaves out what no output depends on", () => {
    const graph = new Graph();
    const x = graph.input("x", [2]);
    exp(weight(graph, "unread", [2]));
    const y = mul(x, weight(graph, "read", [2]));
    sqrt(y);
    graph.output("y", y);
    const { node, initializer } = onnxProto.onnx.ModelProto.decode(encodeGraph(graph)).graph!;
    expect(node!.map(({ opType }) => opType)).toEqual(["Mul", "Identity"]);
    expect(initializer!.map(({ name }) => name)).toEqual(["read"]);
  });
  it("emits only the gradients that were asked for", () => {
    const graph = new Graph();
    const [x, w] = [graph.input("x", [2, 3, 8]), graph.input("w", [4, 3, 3])];
    graph.output("dw", gradients(sum(relu(conv(x, w, { padding: 1 }))), [w])[0]);
    const { opTypes } = new Interpreter(encodeGraph(graph));
    // The convolution itself and the layout of the patches; dL/dx would be one more, over a flipped kernel.
    expect([opTypes.get("Conv"), opTypes.get("Slice")]).toEqual([2, undefined]);
  });
  it("stores equal constants once, and a scalar separately from a vector", () => {
    const graph = new Graph();
    const x = graph.input("x", [2]);
    graph.output("y", add(mul(x, 3), 3));
    expect(graph.initializers.length).toBe(1);
    expect([graph.constant(3).shape, graph.constant([3]).shape]).toEqual([[], [1]]);
  });
  it("writes a weight that is part of a larger buffer", () => {
    const graph = new Graph();
    graph.output("y", graph.weight("w", tensor(Float32Array.of(1, 2, 3, 4).subarray(1, 3), [2])));
    expect([...new Interpreter(encodeGraph(graph)).run({})["y"].data]).toEqual([2, 3]);
  });
  it("writes names, types and shapes of inputs and outputs", () => {
    const graph = new Graph();
    graph.output("y", exp(graph.input("x", [4, 3])));
    const { input, output } = onnxProto.onnx.ModelProto.decode(encodeGraph(graph)).graph!;
    const described = [...input!, ...output!].map(({ name, type }) => [
      name,
      type!.tensorType!.elemType,
      type!.tensorType!.shape!.dim!.map(({ dimValue }) => Number(dimValue)),
    ]);
    expect(described).toEqual([
      ["x", 1, [4, 3]],
      ["y", 1, [4, 3]],
    ]);
  });
  it("gives the same bytes for the same graph", () => {
    const bytes = () => modelOf([2, 3, 8], (x) => maxPool(relu(x), [3]));
    expect(bytes()).toEqual(bytes());
  });
  it("rejects a graph without an output", () => {
    expect(() => encodeGraph(new Graph())).toThrow("graph must have at least 1 output, got 0");
  });
});
