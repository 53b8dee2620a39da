import { Random } from "../../src/core/random.js";
import { netConfig } from "../../src/nn/architectures.js";
import { buildTrainingStep, initialState } from "../../src/nn/training-step.js";
import { nodeEngine } from "../../src/runtime/node.js";
import { StepRunner } from "../../src/training/step-runner.js";

/**
 * Times each training step of the benchmark net [ms]: conv net 1-32-64-128-256, 3x3, batch norm, ReLU, max pool 2,
 * global average pooling, 10 classes, input [32, 1, 128, 128], SGD with momentum. The peer is training-step-peer.py.
 */
export async function timeTrainingSteps(options: {
  steps: number;
  threads: number;
  watch?: boolean;
}): Promise<number[]> {
  const batchSize = 32;
  const [nFrames, nMels, nLabels] = [128, 128, 10];
  const step = buildTrainingStep({
    net: netConfig({ kind: "vgg", channels: [32, 64, 128, 256], globalPool: "all", dropout: 0 }),
    task: "single-label",
    nLabels,
    inputShape: [nFrames, nMels],
    batchSize,
    normalization: {
      kind: "standardize",
      mean: new Float32Array(nMels),
      std: new Float32Array(nMels).fill(1),
    },
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: false, weightDecay: 0 },
    watch: options.watch ?? false,
  });
  const random = new Random(0);
  const state = initialState(step, random);
  const inputs = { shape: [batchSize, nFrames, nMels], data: new Float32Array(batchSize * nFrames * nMels) };
  for (let i = 0; i < inputs.data.length; i++) inputs.data[i] = random.normal();
  const targets = { shape: [batchSize, nLabels], data: new Float32Array(batchSize * nLabels) };
  for (let i = 0; i < batchSize; i++) targets.data[i * nLabels + random.integer(nLabels)] = 1;

  const runner = await StepRunner.open(nodeEngine({ threads: options.threads }), step);
  runner.load(state);
  const times: number[] = [];
  const warmUp = 3;
  for (let i = 0; i < options.steps + warmUp; i++) {
    const start = performance.now();
    await runner.run({ inputs, targets }, { learningRate: 0.01, random });
    if (i >= warmUp) times.push(performance.now() - start);
  }
  await runner.close();
  return times;
}
