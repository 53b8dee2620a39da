import { tensor } from "../../src/core/tensor.js";
import { encodeGraph, Graph, type Value } from "../../src/graph/index.js";
import { drawn, drawOf } from "./draw.js";

/** A stored tensor of distinct values that depend on its name. */
export const weight = (graph: Graph, name: string, shape: number[]): Value =>
  graph.weight(name, tensor(Float32Array.from(drawn(drawOf(shape), name).data), shape));

/** A model with one input and one output. */
export function modelOf(shape: number[], op: (x: Value) => Value): Uint8Array {
  const graph = new Graph();
  graph.output("out", op(graph.input("x", shape)));
  return encodeGraph(graph);
}
