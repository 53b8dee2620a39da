import { Random } from "../../src/core/random.js";
import { type NetSettings, netConfig } from "../../src/nn/architectures.js";
import { buildTrainingStep, initialState, type TrainingStepConfig } from "../../src/nn/training-step.js";
import { type NodeDevice, nodeEngine } from "../../src/runtime/node.js";
import { SEGMENT_FRAMES } from "../../src/training/config.js";
import { StepRunner } from "../../src/training/step-runner.js";

const N_MELS = 128;
const N_LABELS = 10;
const BATCH_SIZE = 32;
const WARM_UP = 3;

/**
 * The nets whose steps are timed, and the length of their examples [frames]. The benchmark net is a conv net
 * 1-32-64-128-256, 3x3, with batch norm, ReLU and max pool 2, that averages over time and mel bands; the others are timbrel's
 * own at their sizes, without dropout. The same in PyTorch: peers/nets.py.
 */
export const BENCH_NETS: Readonly<Record<string, { net: NetSettings; frames: number }>> = {
  benchmark: {
    net: { kind: "vgg", channels: [32, 64, 128, 256], globalPool: "all", dropout: 0 },
    frames: 128,
  },
  vgg: { net: { kind: "vgg", dropout: 0 }, frames: SEGMENT_FRAMES.vgg },
  "ds-cnn": { net: { kind: "ds-cnn", dropout: 0 }, frames: SEGMENT_FRAMES["ds-cnn"] },
  "gct634-1d": { net: { kind: "gct634-1d", dropout: 0 }, frames: SEGMENT_FRAMES["gct634-1d"] },
  mlp: { net: { kind: "mlp", dropout: 0 }, frames: SEGMENT_FRAMES.mlp },
};

/** Returns the configuration of a net's training step: 128 mel bands, 10 classes, a batch of 32, SGD with momentum. */
export function stepConfig(name: string, options: { watch?: boolean } = {}): TrainingStepConfig {
  const { net, frames } = BENCH_NETS[name];
  return {
    net: netConfig(net),
    task: "single-label",
    nLabels: N_LABELS,
    inputShape: [frames, N_MELS],
    batchSize: BATCH_SIZE,
    normalization: {
      kind: "standardize",
      mean: new Float32Array(N_MELS),
      std: new Float32Array(N_MELS).fill(1),
    },
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: false, weightDecay: 0 },
    watch: options.watch ?? false,
  };
}

/** Times each training step of a net [ms], after some to warm up. */
export async function timeTrainingSteps(
  name: string,
  options: { steps: number; threads: number; watch?: boolean; device?: NodeDevice },
): Promise<number[]> {
  const { steps, threads, device = "cpu" } = options;
  const config = stepConfig(name, options);
  const step = buildTrainingStep(config);
  const random = new Random(0);
  const inputs = Float32Array.from({ length: BATCH_SIZE * config.inputShape[0] * N_MELS }, () =>
    random.normal(),
  );
  const targets = new Float32Array(BATCH_SIZE * N_LABELS);
  for (let i = 0; i < BATCH_SIZE; i++) targets[i * N_LABELS + random.integer(N_LABELS)] = 1;
  const feeds = {
    inputs: { data: inputs, shape: [BATCH_SIZE, ...config.inputShape] },
    targets: { data: targets, shape: [BATCH_SIZE, N_LABELS] },
  };
  const runner = await StepRunner.open(nodeEngine({ threads, device }), step);
  runner.load(initialState(step, random));
  const times: number[] = [];
  for (let i = 0; i < steps + WARM_UP; i++) {
    const start = performance.now();
    await runner.run(feeds, { learningRate: 0.01, random });
    if (i >= WARM_UP) times.push(performance.now() - start);
  }
  await runner.close();
  return times;
}
