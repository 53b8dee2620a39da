import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/core/tensor.js";
import { type NetSettings, netConfig } from "../../src/nn/architectures.js";
import { buildTrainingStep } from "../../src/nn/training-step.js";
import type { LayerHealth } from "../../src/nn/watch.js";
import { DivergedError } from "../../src/training/fit.js";
import { diagnose, FlowMeans } from "../../src/training/gradient-flow.js";
import { trainTagger } from "../../src/training/train-tagger.js";
import { ENGINE } from "../engine.js";
import { runSteps } from "../nn/run-steps.js";
import { drawBatch, tinyConfig } from "../nn/tiny-step.js";
import { makeFolder } from "../store/files.js";
import { makeTinyStore, tinyConfig as smallRun } from "./tiny-store.js";

const DEPTH = 12;
const deep = (settings: Omit<Extract<NetSettings, { kind: "mlp" }>, "kind">) =>
  netConfig({ kind: "mlp", units: Array<number>(DEPTH).fill(32), dropout: 0, ...settings });

/** Layer statistics of a net's first step. */
async function watched(
  settings: Parameters<typeof deep>[0],
  change: (name: string, weight: Float32Array) => Float32Array = (_, weight) => weight,
): Promise<readonly LayerHealth[]> {
  const config = tinyConfig({ net: deep(settings), batchSize: 16, watch: true });
  const step = buildTrainingStep(config);
  const batch = drawBatch(config);
  const { states } = await runSteps(step, [batch], { learningRate: 0 });
  const initial = new Map<string, Tensor>(
    [...states[0]].map(([name, { shape, data }]) => [name, { shape, data: change(name, data) }]),
  );
  const { watches } = await runSteps(step, [batch], { learningRate: 0.01, initial });
  return watches[0];
}

/** A layer without a problem. */
const HEALTH: LayerHealth = {
  layer: "a",
  activation: "relu",
  mean: 0,
  std: 1,
  inactiveFraction: 0,
  activationGradientNorm: 1,
  activationCount: 4,
  weightNorm: 1,
  weightGradientNorm: 1,
  updateRatio: null,
};

const problemsOf = (layers: readonly LayerHealth[], problem: string) =>
  diagnose(layers).filter((found) => found.problem === problem);

describe("the diagnosis of a deep net", () => {
  it("finds gradients that vanish from the first layer on: tanh, small initial weights, no batch norm", async () => {
    const vanishing = problemsOf(
      await watched({ activation: "tanh", init: "small", batchNorm: null }),
      "vanishing",
    );
    expect(vanishing[0].layer).toBe("hidden1");
    expect(vanishing.length).toBeGreaterThan(DEPTH / 2);
  });

  it("finds nothing in the same net with batch norm", async () => {
    expect(diagnose(await watched({ activation: "tanh", init: "small" }))).toEqual([]);
  });

  it.each([
    ["tanh", "glorot-uniform", null],
    ["relu", "he-normal", null],
    ["relu", "he-normal", { epsilon: 1e-5, momentum: 0.1 }],
  ] as const)("finds nothing in a %s net with %s weights", async (activation, init, batchNorm) => {
    expect(diagnose(await watched({ activation, init, batchNorm }))).toEqual([]);
  });

  it("finds that gradients vanish in a sigmoid net without batch norm, even with Glorot weights", async () => {
    const layers = await watched({ activation: "sigmoid", batchNorm: null });
    expect(problemsOf(layers, "vanishing")[0].layer).toBe("hidden1");
  });

  it("finds that gradients vanish if all weights are zero", async () => {
    const layers = await watched({ activation: "relu", init: "zeros", batchNorm: null });
    expect(problemsOf(layers, "vanishing")).toHaveLength(DEPTH);
  });

  it("finds exploding gradients if all weights are too large", async () => {
    const layers = await watched({ activation: "relu", batchNorm: null }, (name, weight) =>
      name.includes("dense.weight") ? weight.map((value) => 4 * value) : weight,
    );
    expect(problemsOf(layers, "exploding")[0].layer).toBe("hidden1");
    expect(problemsOf(layers, "vanishing")).toEqual([]);
  });

  it("finds the layer whose units are dead", async () => {
    const layers = await watched({ activation: "relu", batchNorm: null }, (name, bias) =>
      name === "hidden3.dense.bias" ? bias.map(() => -100) : bias,
    );
    expect(problemsOf(layers, "dead").map(({ layer }) => layer)).toContain("hidden3");
    expect(problemsOf(layers, "dead").map(({ layer }) => layer)).not.toContain("hidden2");
  });

  it("finds the layer whose activations are saturated", async () => {
    const layers = await watched({ activation: "tanh", batchNorm: null }, (name, weight) =>
      name === "hidden5.dense.weight" ? weight.map((value) => 100 * value) : weight,
    );
    expect(problemsOf(layers, "saturated").map(({ layer }) => layer)).toEqual(["hidden5"]);
  });
});

describe("the diagnosis of numbers", () => {
  it("finds nothing if the gradient is 0 even at the logits", () => {
    const still = { ...HEALTH, activationGradientNorm: 0 };
    expect(diagnose([still, still])).toEqual([]);
  });

  it("finds that gradients beyond float32 explode", () => {
    const huge = { ...HEALTH, activationGradientNorm: Number.POSITIVE_INFINITY };
    expect(diagnose([huge, huge]).map(({ problem }) => problem)).toEqual(["exploding"]);
  });

  it.each([
    ["vanishing below a thousandth of the logits' gradient", 0.00099, "vanishing"],
    ["nothing above it", 0.00101, null],
    ["nothing below a thousand times the logits' gradient", 990, null],
    ["exploding above it", 1010, "exploding"],
  ])("finds %s", (_, ratio, problem) => {
    const logits = { ...HEALTH, layer: "output", activationGradientNorm: 2 };
    const found = diagnose([{ ...HEALTH, activationGradientNorm: 2 * ratio }, logits]);
    expect(found).toEqual(problem === null ? [] : [{ layer: "a", problem, value: ratio }]);
  });

  it.each([
    ["relu", "dead"],
    ["tanh", "saturated"],
  ] as const)("calls a %s layer %s from an inactive fraction of 0.8 on", (activation, problem) => {
    const found = (inactiveFraction: number) =>
      diagnose([{ ...HEALTH, activation, inactiveFraction }, HEALTH]);
    expect(found(0.79)).toEqual([]);
    expect(found(0.8)).toEqual([{ layer: "a", problem, value: 0.8 }]);
  });
});

describe("a run with layer statistics that diverges", () => {
  it("reports the layer statistics of the last state with a finite loss, which show the problems", async () => {
    const store = await makeTinyStore();
    const settings = { activation: "relu", batchNorm: null } as const;
    const run = trainTagger(store, makeFolder(), {
      engine: ENGINE,
      config: smallRun({
        net: deep(settings),
        optimizer: { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 },
        learningRate: 3,
        schedule: { kind: "constant" },
        augment: 0,
        watch: true,
      }),
    });
    const error = await run.then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(DivergedError);
    const { layers, step } = (error as DivergedError).divergence;
    expect(step).toBeGreaterThan(1);
    expect(layers).toHaveLength(DEPTH + 1);
    expect(diagnose(layers)).not.toEqual([]);
  });
});

describe("the means over an epoch", () => {
  const layer = (changes: Partial<LayerHealth>): LayerHealth => ({ ...HEALTH, ...changes });

  it("average every number over the steps that have it", () => {
    const flow = new FlowMeans();
    flow.add([layer({ std: 1, updateRatio: null }), layer({ layer: "b", inactiveFraction: null })]);
    flow.add([layer({ std: 4, updateRatio: 0.5 }), layer({ layer: "b", inactiveFraction: null })]);
    const [a, b] = flow.means();
    expect(a).toEqual(layer({ std: 2.5, updateRatio: 0.5 }));
    expect(b).toEqual(layer({ layer: "b", inactiveFraction: null }));
  });

  it("are empty without steps", () => {
    expect(new FlowMeans().means()).toEqual([]);
  });
});
