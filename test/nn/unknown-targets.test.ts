import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import type { Tensor } from "../../src/core/tensor.js";
import { frontEnd } from "../../src/features/front-end.js";
import { buildTrainingStep, initialState, type TrainingStepConfig } from "../../src/nn/training-step.js";
import { augmentationOf } from "../../src/training/augmentation.js";
import { batchFeeds, StepRunner } from "../../src/training/step-runner.js";
import { ENGINE } from "../engine.js";
import { drawBatch, tinyConfig } from "./tiny-step.js";

const config = tinyConfig({
  task: "multi-label",
  isMasked: true,
  optimizer: { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 },
});
const AUGMENTED = {
  augmentation: augmentationOf(frontEnd({ nMels: 8 }), { augment: 1, augmentation: {}, segmentFrames: 6 }),
  labelSmoothing: 0.1,
};

/** Runs one step from the same weights; with `change`, what is fed is changed first. */
async function stepOnce(
  settings: TrainingStepConfig,
  targets: Float32Array,
  change: (feeds: Record<string, Tensor>) => void = () => {},
) {
  const step = buildTrainingStep(settings);
  const inputs = drawBatch(settings).inputs.data.map(Math.abs); // no compressed value is below that of silence, 0
  const feeds = { ...batchFeeds(step, { inputs, targets }) };
  change(feeds);
  const runner = await StepRunner.open(ENGINE, step);
  const start = initialState(step, new Random("weights"));
  runner.load(start);
  const { loss } = await runner.run(feeds, { learningRate: 0.1, random: new Random("step") });
  const state = await runner.read();
  await runner.close();
  return { loss, start, state };
}

/** Targets in turn; those of `unknown` are NaN: [example, label]. */
function targetsWith(unknown: readonly (readonly [number, number])[]): Float32Array {
  const targets = drawBatch(config).targets.data.slice();
  for (const [example, label] of unknown) targets[example * config.nLabels + label] = Number.NaN;
  return targets;
}

const SOME = [
  [0, 0],
  [1, 2],
  [4, 1],
  [5, 0],
] as const;
const ALL_OF_LABEL_1 = [0, 1, 2, 3, 4, 5].map((example) => [example, 1] as const);

describe("targets that are not known", () => {
  it.each([
    ["plainly", {}],
    ["with mixing and label smoothing", AUGMENTED],
  ])("change no weight, whatever stands in for them: %s", async (_, changes) => {
    const settings = { ...config, ...changes };
    const targets = targetsWith(SOME);
    const once = await stepOnce(settings, targets);
    const again = await stepOnce(settings, targets, (feeds) => {
      const { data, shape } = feeds["targets"];
      expect(data.every(Number.isFinite)).toBe(true);
      feeds["targets"] = { shape, data: data.map((value, i) => (Number.isNaN(targets[i]) ? 1 : value)) };
    });
    expect(once.loss).toBeGreaterThan(0.1);
    expect(again.loss).toBe(once.loss);
    expect(again.state).toEqual(once.state);
    const other = await stepOnce(settings, targetsWith([]));
    expect(other.state).not.toEqual(once.state);
  });

  it("give a label of which nothing is known a gradient of exactly 0", async () => {
    const { start, state } = await stepOnce(config, targetsWith(ALL_OF_LABEL_1));
    const rowsOf = (tensors: ReadonlyMap<string, Tensor>) => {
      const { data, shape } = tensors.get("output.weight")!;
      return Array.from({ length: shape[0] }, (_, row) => [
        ...data.slice(row * shape[1], (row + 1) * shape[1]),
      ]);
    };
    expect(rowsOf(state)[1]).toEqual(rowsOf(start)[1]);
    expect(rowsOf(state)[0]).not.toEqual(rowsOf(start)[0]);
  });

  it("leave a finite loss and no gradient if they are all there is", async () => {
    const { loss, start, state } = await stepOnce(config, targetsWith([]).fill(Number.NaN));
    expect(loss).toBe(0);
    for (const name of ["output.weight", "output.bias", "block1.conv.weight"])
      expect(state.get(name)).toEqual(start.get(name));
  });

  it("leave the loss as it is without a mask if there are none", async () => {
    const masked = await stepOnce(config, targetsWith([]));
    const plain = await stepOnce({ ...config, isMasked: false }, targetsWith([]));
    // Summed and divided in another order, in float32.
    expect(masked.loss).toBeCloseTo(plain.loss, 6);
  });
});
