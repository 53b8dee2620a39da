import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/core/tensor.js";
import { encodeGraph, Graph } from "../../src/graph/index.js";
import { batchNormLayer } from "../../src/nn/layers.js";
import { Net } from "../../src/nn/net.js";
import { ENGINE } from "../engine.js";
import fixture from "./fixtures/torch-batch-norm.json" with { type: "json" };
import { decodeStored, relativeError, type Stored } from "./stored.js";

// PyTorch computes in float64; sums of at most 40 float32 numbers and their squares round by a few 1e-7.
const TOLERANCE = 2e-6;

interface Case {
  epsilon: number;
  momentum: number;
  initial: Record<string, Stored>;
  batches: Stored[];
  /** The output of each batch in train(), and the moving averages after it. */
  steps: { out: Stored; mean: Stored; var: Stored }[];
  /** The output in eval(). */
  predicted: Stored;
}

/** Runs the layer once: in training if `weights` is null, else predicting with them. */
async function runLayer(item: Case, x: Tensor, weights: ReadonlyMap<string, Tensor> | null, feeds: object) {
  const graph = new Graph();
  const net = new Net(graph, weights);
  graph.output("out", batchNormLayer(net, "norm", graph.input("x", x.shape), item));
  for (const [name, next] of net.updates) graph.output(`next/${name}`, next);
  const session = await ENGINE.open(encodeGraph(graph));
  const results = await session.run({ x, ...feeds });
  await session.close();
  return results;
}

describe("batchNormLayer, against PyTorch", () => {
  const cases = (fixture.cases as Case[]).map((item): [string, Case] => [
    `[${item.batches[0].shape.join(", ")}], epsilon ${item.epsilon}, momentum ${item.momentum}`,
    item,
  ]);

  it.each(cases)("%s: two batches in train(), a third in eval()", async (_, item) => {
    const state = new Map(
      Object.entries(item.initial).map(([name, stored]) => [name, decodeStored(stored)] as const),
    );
    for (const [i, step] of item.steps.entries()) {
      const results = await runLayer(item, decodeStored(item.batches[i]), null, Object.fromEntries(state));
      const parts = { out: step.out, "next/norm.mean": step.mean, "next/norm.var": step.var };
      for (const [name, stored] of Object.entries(parts))
        expect(relativeError(results[name], decodeStored(stored)), `batch ${i + 1}: ${name}`).toBeLessThan(
          TOLERANCE,
        );
      for (const name of ["norm.mean", "norm.var"]) state.set(name, results[`next/${name}`]);
    }
    const { out } = await runLayer(item, decodeStored(item.batches[2]), state, {});
    expect(relativeError(out, decodeStored(item.predicted))).toBeLessThan(TOLERANCE);
  });
});
