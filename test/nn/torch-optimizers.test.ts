import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/core/tensor.js";
import { encodeGraph, Graph } from "../../src/graph/index.js";
import { type OptimizerConfig, optimizerStep } from "../../src/nn/optimizers.js";
import { ENGINE } from "../engine.js";
import fixture from "./fixtures/torch-optimizers.json" with { type: "json" };
import { decodeStored, relativeError } from "./stored.js";

// Ten float32 steps of a few operations, 6e-8 each, compared with float64.
const TOLERANCE = 1e-6;

const scalar = (value: number): Tensor => ({ shape: [], data: Float32Array.of(value) });

/** One parameter's optimizer as a model, from `p`, `gradient`, `learningRate`, `step` and slots to `next/...`. */
function optimizerModel(config: OptimizerConfig, shape: readonly number[], isDecayed: boolean) {
  const graph = new Graph();
  const parameter = { name: "p", value: graph.input("p", shape), isDecayed };
  const slots: string[] = [];
  const next = optimizerStep(config, parameter, graph.input("gradient", shape), {
    learningRate: graph.input("learningRate", []),
    step: graph.input("step", []),
    slot: (name) => {
      slots.push(name);
      return graph.input(name, shape);
    },
    update: (name, value) => graph.output(`next/${name}`, value),
  });
  graph.output("next/p", next);
  return { model: encodeGraph(graph), slots };
}

async function runOptimizer(
  config: OptimizerConfig,
  given: {
    start: Tensor;
    gradients: readonly Tensor[];
    learningRates: readonly number[];
    isDecayed: boolean;
  },
): Promise<Tensor[]> {
  const { shape, data } = given.start;
  const { model, slots } = optimizerModel(config, shape, given.isDecayed);
  const session = await ENGINE.open(model);
  const reads = new Set(session.inputNames);
  let state: Record<string, Tensor> = { p: given.start };
  for (const slot of slots) state[slot] = { shape, data: new Float32Array(data.length) };
  const values: Tensor[] = [];
  for (const [i, gradient] of given.gradients.entries()) {
    const feeds = { gradient, learningRate: scalar(given.learningRates[i]), step: scalar(i + 1), ...state };
    const read = Object.fromEntries(Object.entries(feeds).filter(([name]) => reads.has(name)));
    const results = await session.run(read);
    state = Object.fromEntries(["p", ...slots].map((name) => [name, results[`next/${name}`]]));
    values.push(state["p"]);
  }
  await session.close();
  return values;
}

const cases = fixture.cases.map((each) => ({
  optimizer: each.optimizer as OptimizerConfig,
  learningRates: each.learningRates,
  start: decodeStored(each.start),
  gradients: each.gradients.map(decodeStored),
  steps: each.steps.map(decodeStored),
}));

describe("ten steps of an optimizer, against PyTorch", () => {
  it.each(cases.map((each) => [JSON.stringify(each.optimizer), each] as const))("%s", async (_name, each) => {
    const values = await runOptimizer(each.optimizer, { ...each, isDecayed: true });
    values.forEach((value, i) => {
      expect(relativeError(value, each.steps[i]), `step ${i + 1}`).toBeLessThan(TOLERANCE);
    });
  });

  it.each(["sgd", "adagrad", "rmsprop", "adam", "adamw"])(
    "%s leaves a parameter without weight decay as it is if its gradient is 0",
    async (kind) => {
      const each = cases.find(({ optimizer }) => optimizer.kind === kind && optimizer.weightDecay > 0)!;
      const gradients = each.gradients.map(({ shape, data }) => ({
        shape,
        data: new Float32Array(data.length),
      }));
      const still = await runOptimizer(each.optimizer, { ...each, gradients, isDecayed: false });
      const decayed = await runOptimizer(each.optimizer, { ...each, gradients, isDecayed: true });
      expect(still.at(-1)!.data).toEqual(each.start.data);
      expect(decayed.at(-1)!.data).not.toEqual(each.start.data);
    },
  );
});
