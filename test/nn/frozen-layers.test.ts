import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import type { Tensor } from "../../src/core/tensor.js";
import { type NetSettings, netConfig } from "../../src/nn/architectures.js";
import { buildInferenceModel } from "../../src/nn/inference.js";
import {
  AVERAGE,
  buildTrainingStep,
  initialState,
  type TrainingStepConfig,
} from "../../src/nn/training-step.js";
import type { StartConfig } from "../../src/training/config.js";
import { fixedNames } from "../../src/training/freezing.js";
import { ENGINE } from "../engine.js";
import fixture from "./fixtures/torch-frozen.json" with { type: "json" };
import { runSteps } from "./run-steps.js";
import { decodeStored, relativeError, type Stored } from "./stored.js";
import { drawBatch, tinyConfig } from "./tiny-step.js";

// As in torch-training.test.ts.
const LOSS = 4e-6;
const STATE = 2e-5;

interface Run {
  net: NetSettings;
  nFrozen: number;
  batchNorm: StartConfig["batchNorm"];
  losses: number[];
  initial: Record<string, Stored>;
  final: Record<string, Stored>;
}

const batches = fixture.batches.map(({ inputs, targets }) => ({
  inputs: decodeStored(inputs),
  targets: decodeStored(targets),
}));

/** A training step with frozen blocks, and the weights it starts with. */
function frozenStep(
  config: TrainingStepConfig,
  weights: ReadonlyMap<string, Tensor>,
  { nFrozen, batchNorm }: { nFrozen: number; batchNorm: StartConfig["batchNorm"] },
) {
  const { weightNames } = buildTrainingStep(config);
  const fixed = new Map(
    fixedNames(weightNames, nFrozen, batchNorm).map((name) => [name, weights.get(name)!] as const),
  );
  return buildTrainingStep({ ...config, fixed });
}

describe.each(
  (fixture.runs as unknown as Run[]).map((run) => [run.net.kind, run.nFrozen, run.batchNorm, run] as const),
)("a %s with %i frozen blocks that is to %s batch norm's averages", (_kind, _nFrozen, _batchNorm, run) => {
  const initial = new Map(Object.entries(run.initial).map(([name, each]) => [name, decodeStored(each)]));
  const config: TrainingStepConfig = {
    net: netConfig({ ...run.net, dropout: 0 }),
    task: "single-label",
    nLabels: 3,
    inputShape: [9, 7],
    batchSize: 8,
    normalization: { kind: "none" },
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 0.01 },
  };
  const step = frozenStep(config, initial, run);

  it("takes the steps of PyTorch's, with those batch norms in eval()", async () => {
    const given = new Map(
      step.state.flatMap(({ name }) => (initial.has(name) ? [[name, initial.get(name)!]] : [])),
    );
    const { losses, state } = await runSteps(step, batches, {
      learningRate: fixture.learningRate,
      initial: given,
    });
    losses.forEach((loss, i) => {
      expect(Math.abs(loss / run.losses[i] - 1), `step ${i + 1}: ${loss}`).toBeLessThan(LOSS);
    });
    for (const [name, stored] of Object.entries(run.final))
      expect(
        relativeError((state.get(name) ?? step.fixed.get(name))!, decodeStored(stored)),
        name,
      ).toBeLessThan(STATE);
  });

  it("carries on nothing of what is frozen", () => {
    for (const { name } of step.state)
      for (const fixed of step.fixed.keys()) expect(name).not.toContain(fixed);
  });
});

describe("a frozen block", () => {
  const config = tinyConfig({
    optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.5 },
    emaDecay: 0.5,
  });
  const weights = initialState(buildTrainingStep(config), new Random("weights"));
  const frozen = { nFrozen: 1, batchNorm: "adapt" } as const;

  it("has no gradient: nothing of the step's graph but the forward pass reads its weight", () => {
    const count = (step: { model: Uint8Array }) => step.model.length;
    const all = buildTrainingStep(config);
    const step = frozenStep(config, weights, frozen);
    expect(step.parameterCount).toBeLessThan(all.parameterCount);
    // The graph lacks the gradients, although it now holds the weights themselves.
    expect(count(step)).toBeLessThan(count(all));
    const names = step.state.map(({ name }) => name);
    expect(names.filter((name) => name.includes("block1"))).toEqual([]);
    expect(names).toContain("block2.conv.weight.mean-square");
    expect(names).toContain(`${AVERAGE}block2.conv.weight`);
    expect(step.weightNames).toEqual(all.weightNames);
  });

  it("is watched no more, and the layers after it as before", async () => {
    const step = buildTrainingStep({
      ...config,
      watch: true,
      fixed: frozenStep(config, weights, frozen).fixed,
    });
    expect(step.watched.map(({ layer }) => layer)).toEqual(["block2", "output"]);
    const { watches } = await runSteps(step, [drawBatch(config)], { learningRate: 0.1 });
    expect(watches[0].map(({ weightGradientNorm }) => weightGradientNorm > 0)).toEqual([true, true]);
  });

  it("lets the loss of the first step be that of the net in training, or with all averages kept, of the net that predicts", async () => {
    const batch = drawBatch(config);
    const step = frozenStep(config, weights, { nFrozen: 2, batchNorm: "keep" });
    const { losses } = await runSteps(step, [batch], { learningRate: 0, initial: carried(step) });
    const session = await ENGINE.open(buildInferenceModel(config, weights));
    const { probabilities } = await session.run({ inputs: batch.inputs });
    await session.close();
    const { data } = batch.targets;
    const loss =
      data.reduce((sum, target, i) => sum - target * Math.log(probabilities.data[i]), 0) / config.batchSize;
    expect(losses[0]).toBeCloseTo(loss, 5);
  });

  const carried = ({ state }: ReturnType<typeof buildTrainingStep>) =>
    new Map(state.flatMap(({ name }) => (weights.has(name) ? [[name, weights.get(name)!] as const] : [])));
});
