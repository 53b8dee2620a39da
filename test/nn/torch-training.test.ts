import { describe, expect, it } from "vitest";
import { ACTIVATION_NAMES } from "../../src/nn/activations.js";
import { NET_KINDS, type NetConfig, type NetSettings, netConfig } from "../../src/nn/architectures.js";
import { buildInferenceModel } from "../../src/nn/inference.js";
import type { InputNormalization } from "../../src/nn/input-normalization.js";
import type { OptimizerConfig } from "../../src/nn/optimizers.js";
import { buildTrainingStep, type Task, type TrainingStepConfig } from "../../src/nn/training-step.js";
import { ENGINE } from "../engine.js";
import fixture from "./fixtures/torch-training.json" with { type: "json" };
import { runSteps } from "./run-steps.js";
import { decodeStored, relativeError, type Stored } from "./stored.js";

// PyTorch computes in float64. Sums of a few hundred float32 products round by about 1e-7, which adds up over ten
// steps: 4e-7 was seen in a loss and 2e-6 in a tensor (a variance far smaller than the mean's square). On processors
// that sum in another order it can be ten times that.
const LOSS = 4e-6;
const STATE = 2e-5;

interface Run {
  net: NetSettings | { kind: "linear" };
  optimizer: OptimizerConfig;
  learningRate: number;
  normalization: InputNormalization["kind"];
  task: Task;
  labelSmoothing: number;
  inputShape: number[];
  clipNorm?: number;
  parameterCount: number;
  losses: number[];
  /** Norms before clipping. */
  gradientNorms: number[];
  initial: Record<string, Stored>;
  final: Record<string, Stored>;
  probabilities: Stored;
}

const runs = fixture.runs as unknown as Run[];
const mean = decodeStored(fixture.mean).data;
const NORMALIZATIONS: Record<InputNormalization["kind"], InputNormalization> = {
  none: { kind: "none" },
  standardize: { kind: "standardize", mean, std: decodeStored(fixture.std).data },
  whiten: { kind: "whiten", mean, projection: decodeStored(fixture.projection) },
};

function configOf(run: Run): TrainingStepConfig {
  const { task, inputShape, optimizer, clipNorm, labelSmoothing } = run;
  const net: NetConfig = run.net.kind === "linear" ? run.net : netConfig({ ...run.net, dropout: 0 });
  const normalization = NORMALIZATIONS[run.normalization];
  return {
    net,
    task,
    nLabels: 3,
    inputShape,
    batchSize: 8,
    normalization,
    optimizer,
    clipNorm,
    labelSmoothing,
  };
}

/** Examples in the shape that the run reads: frames, or one vector. */
function inputsOf({ inputShape }: Run, stored: Stored) {
  const { shape, data } = decodeStored(stored);
  return { shape: [shape[0], ...inputShape], data };
}

/** The batches of ten steps: the five, twice. */
function batchesOf(run: Run) {
  const once = fixture.batches.map(({ inputs, classes, tags }) => ({
    inputs: inputsOf(run, inputs),
    targets: decodeStored(run.task === "single-label" ? classes : tags),
  }));
  return [...once, ...once];
}

const titleOf = ({ net, normalization, optimizer, clipNorm }: Run) =>
  [
    net.kind,
    ...("activation" in net ? [net.activation, net.batchNorm === null ? "no batch norm" : "batch norm"] : []),
    normalization,
    optimizer.kind,
    ...(clipNorm === undefined ? [] : ["clipped"]),
  ].join(", ");

describe.each(runs.map((run): [string, Run] => [titleOf(run), run]))(
  "%s: ten steps against PyTorch",
  (_, run) => {
    const config = configOf(run);
    const step = buildTrainingStep(config);
    const initial = new Map(
      Object.entries(run.initial).map(([name, stored]) => [name, decodeStored(stored)]),
    );
    const ran = runSteps(step, batchesOf(run), { initial, learningRate: run.learningRate });

    it("has the same parameters", () => {
      expect(step.parameterCount).toBe(run.parameterCount);
      for (const [name, { shape }] of initial)
        expect(step.state.find((tensor) => tensor.name === name)?.shape, name).toEqual(shape);
    });

    it("gives the same losses", async () => {
      const { losses } = await ran;
      expect(losses).toHaveLength(10);
      losses.forEach((loss, i) => {
        expect(Math.abs(loss / run.losses[i] - 1), `step ${i + 1}: ${loss}`).toBeLessThan(LOSS);
      });
    });

    it("ends with the same weights and moving averages", async () => {
      const { state } = await ran;
      for (const [name, stored] of Object.entries(run.final))
        expect(relativeError(state.get(name)!, decodeStored(stored)), name).toBeLessThan(STATE);
    });

    it("predicts the same as the net in eval()", async () => {
      const { state } = await ran;
      const session = await ENGINE.open(buildInferenceModel(config, state));
      const { probabilities } = await session.run({ inputs: inputsOf(run, fixture.testBatch) });
      await session.close();
      expect(relativeError(probabilities, decodeStored(run.probabilities))).toBeLessThan(STATE);
    });
  },
);

describe("the runs", () => {
  it("cover every architecture, activation, normalization and optimizer, with and without batch norm", () => {
    const segmentNets = runs.flatMap(({ net }) => (net.kind === "linear" ? [] : [net]));
    const kinds = NET_KINDS.filter((kind) =>
      [true, false].every((hasNorm) =>
        segmentNets.some((net) => net.kind === kind && (net.batchNorm !== null) === hasNorm),
      ),
    );
    expect(kinds).toEqual(NET_KINDS);
    expect(new Set(segmentNets.map(({ activation }) => activation))).toEqual(new Set(ACTIVATION_NAMES));
    const named = (list: readonly string[]) => [...new Set(list)].sort();
    expect(named(runs.map(({ normalization }) => normalization))).toEqual(Object.keys(NORMALIZATIONS).sort());
    const optimizers = named(runs.map(({ optimizer }) => optimizer.kind));
    expect(optimizers).toEqual(["adagrad", "adam", "adamw", "rmsprop", "sgd"]);
  });

  it("start with some negative batch norm scales, in pooled and unpooled blocks", () => {
    const scales = runs.flatMap(({ initial }) =>
      Object.entries(initial).filter(([name]) => name.endsWith(".scale")),
    );
    expect(scales.length).toBeGreaterThan(10);
    for (const [name, stored] of scales)
      expect(
        decodeStored(stored).data.some((scale) => scale < 0),
        name,
      ).toBe(true);
  });

  it("clip the gradients of some steps and not of others", () => {
    const clipped = runs.filter(({ clipNorm }) => clipNorm !== undefined);
    expect(clipped).toHaveLength(1);
    const [{ clipNorm, gradientNorms }] = clipped;
    expect(Math.max(...gradientNorms)).toBeGreaterThan(1.2 * clipNorm!);
    expect(Math.min(...gradientNorms)).toBeLessThan(0.8 * clipNorm!);
  });
});
