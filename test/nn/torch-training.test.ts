import { describe, expect, it } from "vitest";
import { netConfig } from "../../src/nn/architectures.js";
import { buildInferenceModel } from "../../src/nn/inference.js";
import type { OptimizerConfig } from "../../src/nn/optimizers.js";
import { buildTrainingStep, type TrainingStepConfig } from "../../src/nn/training-step.js";
import { Session } from "../../src/runtime/session.js";
import fixture from "./fixtures/torch-training.json" with { type: "json" };
import { runSteps } from "./run-steps.js";
import { decodeStored, relativeError, type Stored } from "./stored.js";

// PyTorch computes in float64. Sums of some hundred float32 products round by about 1e-7, and ten steps carry it on:
// 1e-7 was seen in a loss and 5e-7 in a tensor; processors that sum in another order get ten times that.
const LOSS = 1e-6;
const STATE = 5e-6;

interface Run {
  optimizer: OptimizerConfig;
  learningRate: number;
  losses: number[];
  final: Record<string, Stored>;
  probabilities: Stored;
}

const initial = new Map(
  Object.entries(fixture.initial).map(([name, stored]) => [name, decodeStored(stored)]),
);
const batches = fixture.batches.map(({ inputs, targets }) => ({
  inputs: decodeStored(inputs),
  targets: decodeStored(targets),
}));

function configOf(run: Run): TrainingStepConfig {
  const { channels, labelSmoothing } = fixture;
  const pools = fixture.pools as [number, number][];
  const net = netConfig({ kind: "vgg", channels, pools, globalPool: "all", dropout: 0 });
  return {
    net,
    task: "single-label",
    nLabels: 3,
    inputShape: [10, 9],
    batchSize: 8,
    normalization: {
      kind: "standardize",
      mean: decodeStored(fixture.mean).data,
      std: decodeStored(fixture.std).data,
    },
    optimizer: run.optimizer,
    labelSmoothing,
  };
}

describe.each(fixture.runs as Run[])("ten steps of a conv net by $optimizer.kind, against PyTorch", (run) => {
  const config = configOf(run);
  const ran = runSteps(buildTrainingStep(config), batches, { initial, learningRate: run.learningRate });

  it("starts with negative scales of batch norm in pooled and unpooled blocks", () => {
    for (const block of [1, 2, 3])
      expect(initial.get(`block${block}.norm.scale`)!.data.some((scale) => scale < 0)).toBe(true);
  });

  it("gives the same losses", async () => {
    const { losses } = await ran;
    expect(losses).toHaveLength(10);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss / run.losses[i] - 1), `step ${i + 1}: ${loss}`).toBeLessThan(LOSS);
    });
  });

  it.each(Object.keys(run.final))("ends with the same %s", async (name) => {
    const { state } = await ran;
    expect(relativeError(state.get(name)!, decodeStored(run.final[name]))).toBeLessThan(STATE);
  });

  it("predicts the same as the net in eval()", async () => {
    const { state } = await ran;
    const session = await Session.open(buildInferenceModel(config, state), { threads: 1 });
    const { probabilities } = await session.run({ inputs: decodeStored(fixture.testBatch) });
    await session.close();
    expect(relativeError(probabilities, decodeStored(run.probabilities))).toBeLessThan(STATE);
  });
});
