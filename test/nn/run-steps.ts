import { Random } from "../../src/core/random.js";
import type { Tensor } from "../../src/core/tensor.js";
import { initialState, type TrainingStep } from "../../src/nn/training-step.js";
import type { LayerHealth } from "../../src/nn/watch.js";
import type { Engine } from "../../src/runtime/engine.js";
import { nodeEngine } from "../../src/runtime/node.js";
import { StepRunner } from "../../src/training/step-runner.js";

/** A batch as a training step reads it. */
export interface FedBatch {
  inputs: Tensor;
  targets: Tensor;
}

/** The results of some steps. */
export interface Ran {
  losses: number[];
  /** The state after each step. */
  states: ReadonlyMap<string, Tensor>[];
  /** The layer statistics of each step; none if the step does not report them. */
  watches: (readonly LayerHealth[])[];
  state: ReadonlyMap<string, Tensor>;
}

/**
 * Runs a training step on one batch after another.
 * @param options.initial tensors to start with; the others come from `initialState`
 */
export async function runSteps(
  step: TrainingStep,
  batches: readonly FedBatch[],
  options: {
    learningRate: number;
    initial?: ReadonlyMap<string, Tensor>;
    seed?: number | string;
    threads?: number;
    engine?: Engine;
  },
): Promise<Ran> {
  const random = new Random(options.seed ?? "steps");
  const isWatched = step.watched.length > 0;
  const { engine = nodeEngine({ threads: options.threads ?? 1 }) } = options;
  const runner = await StepRunner.open(engine, step, isWatched ? step : null);
  runner.load(new Map([...initialState(step, random.fork("weights")), ...(options.initial ?? [])]));
  const losses: number[] = [];
  const states: ReadonlyMap<string, Tensor>[] = [];
  const watches: (readonly LayerHealth[])[] = [];
  for (const [i, { inputs, targets }] of batches.entries()) {
    const settings = {
      learningRate: options.learningRate,
      random: random.fork(`step ${i}`),
      watch: isWatched,
    };
    const { loss, layers } = await runner.run({ inputs, targets }, settings);
    losses.push(loss);
    states.push(await runner.read());
    if (layers !== null) watches.push(layers);
  }
  const state = await runner.read();
  await runner.close();
  return { losses, states, watches, state };
}
