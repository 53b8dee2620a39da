import { checkChoice, checkInteger, checkNumber } from "../core/check.js";
import { UsageError } from "../core/errors.js";
import { minFrames, NETS, type NetKind, netConfig, type SegmentNetConfig } from "../nn/architectures.js";
import type { OptimizerConfig } from "../nn/optimizers.js";
import type { ScheduleConfig } from "../nn/schedules.js";
import type { Task } from "../nn/training-step.js";

/** What is fitted on the train split and done to every mel vector before the net reads it. */
export type NormalizeConfig =
  | { readonly kind: "none" }
  /** Of every mel band by its own mean and deviation, or of all by one. */
  | { readonly kind: "standardize"; readonly over: "band" | "global" }
  /** By the principal components; `zca` rotates back to mel bands; the components that hold `keepVariance` are kept. */
  | { readonly kind: "whiten"; readonly zca: boolean; readonly keepVariance: number };

/** All settings of a run; the same settings, data and seed give the same weights to the bit. */
export interface TrainConfig {
  /** "auto": multi-label if any clip has not exactly one label. */
  readonly task: Task | "auto";
  readonly net: SegmentNetConfig;
  /** Length of the segments that the net reads [frames]. */
  readonly segmentFrames: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly optimizer: OptimizerConfig;
  readonly learningRate: number;
  readonly schedule: ScheduleConfig;
  /** Largest norm of the gradient; a longer one is shortened to it; 0 for none. */
  readonly clipNorm: number;
  /** Epochs without a better valid score after which training stops; 0 never. */
  readonly patience: number;
  readonly labelSmoothing: number;
  /** Decay of the moving average of the weights, which is what is evaluated and kept; 0 for none. */
  readonly averageDecay: number;
  /** Strength of the augmentation; 0 for none. */
  readonly augment: number;
  readonly normalize: NormalizeConfig;
  /** Whether every label comes equally often. */
  readonly balance: boolean;
  /** Whether the flow of activations and gradients through the layers is recorded. */
  readonly watch: boolean;
  readonly seed: number;
  readonly validShare: number;
  readonly testShare: number;
}

interface OptimizerPreset {
  readonly optimizer: OptimizerConfig;
  readonly learningRate: number;
}

const sgd = (momentum: number, nesterov: boolean): OptimizerConfig => ({
  kind: "sgd",
  momentum,
  nesterov,
  weightDecay: 5e-4,
});

/** The optimizers by name, with their settings and the highest learning rate where a user names none. */
export const OPTIMIZERS = {
  sgd: { optimizer: sgd(0, false), learningRate: 0.1 },
  momentum: { optimizer: sgd(0.9, false), learningRate: 0.05 },
  nesterov: { optimizer: sgd(0.9, true), learningRate: 0.05 },
  adagrad: { optimizer: { kind: "adagrad", epsilon: 1e-10, weightDecay: 0 }, learningRate: 0.01 },
  rmsprop: {
    optimizer: { kind: "rmsprop", decay: 0.99, epsilon: 1e-8, momentum: 0, weightDecay: 0 },
    learningRate: 0.001,
  },
  adam: {
    optimizer: { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    learningRate: 0.001,
  },
  adamw: {
    optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.02 },
    learningRate: 0.003,
  },
} as const satisfies Record<string, OptimizerPreset>;

export type OptimizerName = keyof typeof OPTIMIZERS;

/** Length of a net's segments where a user names none [frames]. */
export const SEGMENT_FRAMES: Readonly<Record<NetKind, number>> = {
  vgg: 64,
  "gct634-1d": 512,
  "short-chunk": 128,
  mlp: 64,
};

/** Settings where a user names none. */
export const TRAIN_DEFAULTS: TrainConfig = {
  ...OPTIMIZERS.adamw,
  task: "auto",
  net: NETS.vgg,
  segmentFrames: SEGMENT_FRAMES.vgg,
  batchSize: 32,
  epochs: 30,
  schedule: { kind: "cosine", warmUp: 0.05 },
  clipNorm: 0,
  patience: 0,
  labelSmoothing: 0.1,
  averageDecay: 0.995,
  augment: 0.5,
  normalize: { kind: "standardize", over: "band" },
  balance: true,
  watch: false,
  seed: 1,
  validShare: 0.15,
  testShare: 0.15,
};

/**
 * The defaults with some settings changed, checked.
 * @throws UsageError naming the setting, its rule and its value
 */
export function trainConfig(changes: Partial<TrainConfig> = {}): TrainConfig {
  const net = netConfig(changes.net ?? TRAIN_DEFAULTS.net);
  const config = { ...TRAIN_DEFAULTS, segmentFrames: SEGMENT_FRAMES[net.kind], ...changes, net };
  const integer = (name: keyof TrainConfig, min: number) =>
    checkInteger(`trainConfig: ${name}`, config[name], { min });
  const number = (name: keyof TrainConfig, rule: Parameters<typeof checkNumber>[2]) =>
    checkNumber(`trainConfig: ${name}`, config[name], rule);
  checkChoice("trainConfig: task", config.task, ["auto", "single-label", "multi-label"]);
  checkNormalize(config.normalize);
  integer("segmentFrames", 2);
  integer("batchSize", 2);
  integer("epochs", 1);
  integer("patience", 0);
  integer("seed", 0);
  number("learningRate", { above: 0 });
  number("clipNorm", { min: 0 });
  number("labelSmoothing", { min: 0, below: 1 });
  number("averageDecay", { min: 0, below: 1 });
  number("augment", { min: 0, max: 3 });
  if (config.segmentFrames < minFrames(net))
    throw new UsageError(
      `trainConfig: segmentFrames must be at least ${minFrames(net)} for this ${net.kind}, got ${config.segmentFrames}; use longer segments, or fewer blocks`,
    );
  return config;
}

function checkNormalize(normalize: NormalizeConfig): void {
  checkChoice("trainConfig: normalize.kind", normalize.kind, ["none", "standardize", "whiten"]);
  if (normalize.kind === "standardize")
    checkChoice("trainConfig: normalize.over", normalize.over, ["band", "global"]);
  if (normalize.kind === "whiten")
    checkNumber("trainConfig: normalize.keepVariance", normalize.keepVariance, { above: 0, max: 1 });
}
