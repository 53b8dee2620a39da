import { Random } from "../../src/core/random.js";
import type { Tensor } from "../../src/core/tensor.js";
import { initialState, type TrainingStep } from "../../src/nn/training-step.js";
import { Session } from "../../src/runtime/session.js";

/** A batch as a training step reads it. */
export interface FedBatch {
  inputs: Tensor;
  targets: Tensor;
}

/** What came of some steps. */
export interface Ran {
  losses: number[];
  /** The state after each step. */
  states: Map<string, Tensor>[];
  /** What a watched step saw, after each step. */
  watches: Tensor[];
  state: Map<string, Tensor>;
}

/**
 * Runs a training step on one batch after another.
 * @param options.initial tensors to begin with; the others as `initialState` makes them
 */
export async function runSteps(
  step: TrainingStep,
  batches: readonly FedBatch[],
  options: {
    learningRate: number;
    initial?: ReadonlyMap<string, Tensor>;
    seed?: number | string;
    threads?: number;
  },
): Promise<Ran> {
  const random = new Random(options.seed ?? "steps");
  const session = await Session.open(step.model, { threads: options.threads ?? 1 });
  let state = new Map([...initialState(step, random.fork("weights")), ...(options.initial ?? [])]);
  const losses: number[] = [];
  const states: Map<string, Tensor>[] = [];
  const watches: Tensor[] = [];
  for (const [i, { inputs, targets }] of batches.entries()) {
    const drawn = step.randomInputs.map(({ name, shape, draw }) => [
      name,
      { shape, data: draw(random.fork(`step ${i} ${name}`)) },
    ]);
    const results = await session.run({
      inputs,
      targets,
      learningRate: { shape: [], data: Float32Array.of(options.learningRate) },
      ...Object.fromEntries(drawn),
      ...Object.fromEntries(state),
    });
    losses.push(results["loss"].data[0]);
    state = new Map(step.state.map(({ name }) => [name, results[`next/${name}`]]));
    states.push(state);
    if (step.watched.length > 0) watches.push(results["watch"]);
  }
  await session.close();
  return { losses, states, watches, state };
}
