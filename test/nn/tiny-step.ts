import { Random } from "../../src/core/random.js";
import { sizeOf, type Tensor } from "../../src/core/tensor.js";
import { netConfig } from "../../src/nn/architectures.js";
import type { TrainingStepConfig } from "../../src/nn/training-step.js";
import type { FedBatch } from "./run-steps.js";

/** Configuration of a training step: two small blocks on [6, 8] examples, with `changes`. */
export function tinyConfig(changes: Partial<TrainingStepConfig> = {}): TrainingStepConfig {
  return {
    net: netConfig({
      kind: "vgg",
      channels: [4, 6],
      pools: [
        [2, 2],
        [1, 2],
      ],
      globalPool: "all",
      dropout: 0,
    }),
    task: "single-label",
    nLabels: 3,
    inputShape: [6, 8],
    batchSize: 6,
    normalization: { kind: "none" },
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 0 },
    ...changes,
  };
}

/** Normal numbers; the same name gives the same ones. */
export function normals(name: string, shape: readonly number[]): Tensor {
  const random = new Random(name);
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()) };
}

/** A batch of random examples with one label each, in turn. */
export function drawBatch({ batchSize, inputShape, nLabels }: TrainingStepConfig, name = "batch"): FedBatch {
  const targets = Float32Array.from({ length: batchSize * nLabels }, (_, i) =>
    i % nLabels === Math.floor(i / nLabels) % nLabels ? 1 : 0,
  );
  return {
    inputs: normals(name, [batchSize, ...inputShape]),
    targets: { shape: [batchSize, nLabels], data: targets },
  };
}
