import type { Random } from "../core/random.js";
import type { Tensor } from "../core/tensor.js";
import type { TrainingStep, TrainingStepConfig } from "../nn/training-step.js";

/**
 * All that a training step reads beside its state.
 * @param options.random the step's own stream
 */
export function stepFeeds(
  { randomInputs }: TrainingStep,
  { inputs, targets }: { inputs: Float32Array; targets: Float32Array },
  options: Pick<TrainingStepConfig, "inputShape" | "nLabels"> & { learningRate: number; random: Random },
): Record<string, Tensor> {
  const { inputShape, nLabels, learningRate, random } = options;
  const batchSize = targets.length / nLabels;
  return {
    inputs: { data: inputs, shape: [batchSize, ...inputShape] },
    targets: { data: targets, shape: [batchSize, nLabels] },
    learningRate: { data: Float32Array.of(learningRate), shape: [] },
    ...Object.fromEntries(
      randomInputs.map(({ name, shape, draw }) => [name, { data: draw(random.fork(name)), shape }]),
    ),
  };
}
