import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/core/tensor.js";
import { encodeGraph, Graph } from "../../src/graph/index.js";
import { netConfig } from "../../src/nn/architectures.js";
import { type BatchNormSettings, batchNormLayer } from "../../src/nn/layers.js";
import { Net } from "../../src/nn/net.js";
import { buildTrainingStep } from "../../src/nn/training-step.js";
import { ENGINE } from "../engine.js";
import fixture from "./fixtures/torch-batch-norm.json" with { type: "json" };
import cumulative from "./fixtures/torch-cumulative-norm.json" with { type: "json" };
import { runSteps } from "./run-steps.js";
import { decodeStored, relativeError, type Stored } from "./stored.js";
import { drawBatch, tinyConfig } from "./tiny-step.js";

// PyTorch computes in float64; sums of at most 40 float32 numbers and their squares round by a few 1e-7.
const TOLERANCE = 2e-6;

interface Case {
  epsilon: number;
  momentum: number;
  warmUp?: boolean;
  initial: Record<string, Stored>;
  batches: Stored[];
  /** The output of each batch in train(), and the moving averages after it. */
  steps: { out: Stored; mean: Stored; var: Stored }[];
  /** The output in eval(). */
  predicted: Stored;
}

/** Runs the layer once: step `step` of training if `weights` is null, else predicting with them. */
async function runLayer(
  item: Case,
  x: Tensor,
  weights: ReadonlyMap<string, Tensor> | null,
  feeds: object,
  step = 0,
) {
  const graph = new Graph();
  const net = new Net(graph, weights);
  graph.output("out", batchNormLayer(net, "norm", graph.input("x", x.shape), item));
  for (const [name, next] of net.updates) graph.output(`next/${name}`, next(graph.constant(step)));
  const session = await ENGINE.open(encodeGraph(graph));
  const results = await session.run({ x, ...feeds });
  await session.close();
  return results;
}

describe("batchNormLayer, against PyTorch", () => {
  const cases = ([...fixture.cases, ...cumulative.cases] as Case[]).map((item): [string, Case] => [
    `[${item.batches[0].shape.join(", ")}], epsilon ${item.epsilon}, momentum ${item.momentum}${item.warmUp ? ", warm-up" : ""}`,
    item,
  ]);

  it.each(cases)("%s: batches in train(), the last one in eval()", async (_, item) => {
    const state = new Map(
      Object.entries(item.initial).map(([name, stored]) => [name, decodeStored(stored)] as const),
    );
    for (const [i, step] of item.steps.entries()) {
      const results = await runLayer(
        item,
        decodeStored(item.batches[i]),
        null,
        Object.fromEntries(state),
        i + 1,
      );
      const parts = { out: step.out, "next/norm.mean": step.mean, "next/norm.var": step.var };
      for (const [name, stored] of Object.entries(parts))
        expect(relativeError(results[name], decodeStored(stored)), `batch ${i + 1}: ${name}`).toBeLessThan(
          TOLERANCE,
        );
      for (const name of ["norm.mean", "norm.var"]) state.set(name, results[`next/${name}`]);
    }
    const { out } = await runLayer(item, decodeStored(item.batches.at(-1)!), state, {});
    expect(relativeError(out, decodeStored(item.predicted))).toBeLessThan(TOLERANCE);
  });
});

describe("the warm-up of the moving averages", () => {
  /** The moving averages after each of four steps of a net whose first block pools before batch norm and whose second does not. */
  async function averagesOf(batchNorm: BatchNormSettings) {
    const net = netConfig({
      kind: "vgg",
      channels: [4, 6],
      pools: [
        [2, 2],
        [1, 1],
      ],
      globalPool: "all",
      dropout: 0,
      batchNorm,
    });
    const config = tinyConfig({ net });
    const batches = Array.from({ length: 4 }, (_, i) => drawBatch(config, `batch ${i}`));
    const { states } = await runSteps(buildTrainingStep(config), batches, { learningRate: 0.05 });
    return states;
  }
  const names = ["block1.norm.mean", "block1.norm.var", "block2.norm.mean", "block2.norm.var"];

  it("gives the plain means of the batches' statistics, and then moves by the momentum", async () => {
    // With a momentum of 1 the moving averages are the statistics of the last batch.
    const batchwise = await averagesOf({ epsilon: 1e-5, momentum: 1 });
    const warm = await averagesOf({ epsilon: 1e-5, momentum: 0.4, warmUp: true });
    for (const name of names) {
      const [a, b, c, d] = batchwise.map((state) => state.get(name)!.data);
      const expected = [
        a,
        a.map((value, i) => (value + b[i]) / 2),
        a.map((value, i) => 0.6 * ((value + b[i]) / 2) + 0.4 * c[i]), // 1 / 3 is less than 0.4
        a.map((value, i) => 0.36 * ((value + b[i]) / 2) + 0.24 * c[i] + 0.4 * d[i]),
      ];
      expected.forEach((data, step) => {
        const found = warm[step].get(name)!;
        expect(relativeError(found, { shape: found.shape, data }), `${name}, step ${step + 1}`).toBeLessThan(
          1e-6,
        );
      });
    }
  });

  it("changes nothing but the moving averages", async () => {
    const plain = await averagesOf({ epsilon: 1e-5, momentum: 0.1 });
    const warm = await averagesOf({ epsilon: 1e-5, momentum: 0.1, warmUp: true });
    for (const [name, tensor] of plain[3])
      if (names.includes(name)) expect(warm[3].get(name), name).not.toEqual(tensor);
      else expect(warm[3].get(name), name).toEqual(tensor);
  });

  it("is on in timbrel's nets, and off where settings of an earlier version do not name it", () => {
    expect(netConfig({ kind: "mlp" }).batchNorm).toEqual({ epsilon: 1e-5, momentum: 0.1, warmUp: true });
    const batchNorm = { epsilon: 1e-5, momentum: 0.1 };
    expect(netConfig({ kind: "mlp", batchNorm }).batchNorm).toEqual(batchNorm);
  });
});
