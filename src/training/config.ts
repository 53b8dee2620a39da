import { checkChoice, checkInteger, checkNumber } from "../core/check.js";
import { UsageError } from "../core/errors.js";
import { type VggConfig, vgg } from "../nn/architectures.js";
import type { AdamConfig, OptimizerConfig, SgdConfig } from "../nn/optimizers.js";
import type { ScheduleConfig } from "../nn/schedules.js";
import type { Task } from "../nn/training-step.js";

/** All settings of a run; the same settings, data and seed give the same weights to the bit. */
export interface TrainConfig {
  /** "auto": multi-label if any clip has not exactly one label. */
  readonly task: Task | "auto";
  readonly net: VggConfig;
  /** Length of the segments that the net reads [frames]. */
  readonly segmentFrames: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly optimizer: OptimizerConfig;
  readonly learningRate: number;
  readonly schedule: ScheduleConfig;
  /** Epochs without a better valid score after which training stops; 0 never. */
  readonly patience: number;
  readonly labelSmoothing: number;
  /** Decay of the moving average of the weights, which is what is evaluated and kept; 0 for none. */
  readonly averageDecay: number;
  /** Strength of the augmentation; 0 for none. */
  readonly augment: number;
  /** Standardization of every mel band by its own statistics, or of all by one. */
  readonly standardize: "band" | "global";
  /** Whether every label comes equally often. */
  readonly balance: boolean;
  readonly seed: number;
  readonly validShare: number;
  readonly testShare: number;
}

/** The optimizers with their settings and the highest learning rate where a user names none. */
export const OPTIMIZERS: {
  readonly adam: { readonly optimizer: AdamConfig; readonly learningRate: number };
  readonly sgd: { readonly optimizer: SgdConfig; readonly learningRate: number };
} = {
  adam: {
    optimizer: { kind: "adam", beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.02 },
    learningRate: 0.003,
  },
  sgd: { optimizer: { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 5e-4 }, learningRate: 0.05 },
};

/** Settings where a user names none. */
export const TRAIN_DEFAULTS: TrainConfig = {
  ...OPTIMIZERS.adam,
  task: "auto",
  net: vgg({ channels: [16, 32, 64, 128, 256], dropout: 0.2 }),
  segmentFrames: 64,
  batchSize: 32,
  epochs: 30,
  schedule: { kind: "cosine", warmUp: 0.05 },
  patience: 0,
  labelSmoothing: 0.1,
  averageDecay: 0.995,
  augment: 0.5,
  standardize: "band",
  balance: true,
  seed: 1,
  validShare: 0.15,
  testShare: 0.15,
};

/**
 * The defaults with some settings changed, checked.
 * @throws UsageError naming the setting, its rule and its value
 */
export function trainConfig(changes: Partial<TrainConfig> = {}): TrainConfig {
  const config = { ...TRAIN_DEFAULTS, ...changes };
  const integer = (name: keyof TrainConfig, min: number) =>
    checkInteger(`trainConfig: ${name}`, config[name], { min });
  const number = (name: keyof TrainConfig, rule: Parameters<typeof checkNumber>[2]) =>
    checkNumber(`trainConfig: ${name}`, config[name], rule);
  checkChoice("trainConfig: task", config.task, ["auto", "single-label", "multi-label"]);
  checkChoice("trainConfig: standardize", config.standardize, ["band", "global"]);
  integer("segmentFrames", 2);
  integer("batchSize", 2);
  integer("epochs", 1);
  integer("patience", 0);
  integer("seed", 0);
  number("learningRate", { above: 0 });
  number("labelSmoothing", { min: 0, below: 1 });
  number("averageDecay", { min: 0, below: 1 });
  number("augment", { min: 0, max: 3 });
  const shrunk = config.net.pools.reduce(
    (frames, [window]) => Math.floor(frames / window),
    config.segmentFrames,
  );
  if (shrunk < 1)
    throw new UsageError(
      `trainConfig: segmentFrames must be at least ${2 ** config.net.pools.length} for ${config.net.pools.length} blocks, got ${config.segmentFrames}; use longer segments or fewer channels`,
    );
  return config;
}
