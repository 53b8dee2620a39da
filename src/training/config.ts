import { checkChoice, checkInteger, checkNames } from "../core/check.js";
import { UsageError } from "../core/errors.js";
import { checkObject } from "../core/inputs.js";
import {
  boolean,
  byKind,
  type Check,
  choice,
  fraction,
  integer,
  notNegative,
  number,
  optional,
  positive,
} from "../core/setting-checks.js";
import { RUN_SPLITS } from "../dataset/splits.js";
import {
  MAX_BLOCKS,
  MAX_SEGMENT_FRAMES,
  minFrames,
  NETS,
  type NetKind,
  netConfig,
  type SegmentNetConfig,
} from "../nn/architectures.js";
import { AUGMENTATION_CHECKS, type AugmentationSettings } from "../nn/augmentation-settings.js";
import { OPTIMIZER_CHECKS, OPTIMIZERS, type OptimizerConfig } from "../nn/optimizers.js";
import type { ScheduleConfig } from "../nn/schedules.js";
import type { Task } from "../nn/training-step.js";

/** Normalization that is fitted on the train split and applied to every mel vector before the net reads it. */
export type NormalizeConfig = (
  | { readonly kind: "none" }
  /** Shifts and scales every mel band by its own mean and deviation, or all bands by one of each. */
  | { readonly kind: "standardize"; readonly over: "band" | "global" }
  /** Whitens with the components that hold the fraction `keepVariance` of the variance; `zca` rotates back to bands. */
  | { readonly kind: "whiten"; readonly zca: boolean; readonly keepVariance: number }
) & {
  /** "segment": every segment is brought to one level before that; see `SegmentLevel`. @default none is */
  readonly level?: "segment" | undefined;
};

/** Which blocks of a net keep the weights of the model that a run starts from; see `StartConfig`. */
export type Freeze = "none" | "half" | "body" | "gradual" | number;

/** How a run uses the model that it starts from. */
export interface StartConfig {
  /**
   * The blocks that keep the model's weights; the last layer always trains. "none"; "half", the first half of them, rounded up;
   * "body", all blocks; a number, the first blocks, counted from the input; "gradual", all blocks at first and one less after each of equal parts of the run's first half,
   * from the last block down, so that the whole net trains in the second half.
   */
  readonly freeze: Freeze;
  /** The normalization of the input: the model's, or one of its kind that is fitted on the train split. */
  readonly statistics: "model" | "train";
  /**
   * Batch norm in the blocks that train: "keep" normalizes by the model's moving averages and leaves them as they are,
   * "adapt" normalizes by the batch and moves the averages on from the model's, without a warm-up. Frozen blocks keep theirs.
   */
  readonly batchNorm: "keep" | "adapt";
  /**
   * A last layer that is new: "fitted" starts it as logistic regression on the model's embeddings of the training clips, as
   * `trainHead` does; "drawn" draws its weights.
   */
  readonly lastLayer: "fitted" | "drawn";
}

/** All settings of a run; the same settings, data and seed give the same weights to the bit. */
export interface TrainConfig {
  /** "auto": multi-label if any clip has more than one label. */
  readonly task: Task | "auto";
  readonly net: SegmentNetConfig;
  /** Length of the segments that the net reads [frames]. */
  readonly segmentFrames: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly optimizer: OptimizerConfig;
  readonly learningRate: number;
  readonly schedule: ScheduleConfig;
  /** Largest norm of the gradient; a longer gradient is scaled down to it. 0 for no limit. */
  readonly clipNorm: number;
  /** Number of epochs without a better one after which training stops; 0 for never. */
  readonly patience: number;
  readonly labelSmoothing: number;
  /** Decay of the moving average of the weights; the average is evaluated and kept. 0 for no average. */
  readonly emaDecay: number;
  /** Strength of the augmentation; 0 for none. */
  readonly augment: number;
  /** Single settings of the augmentation, in place of what the strength gives them. */
  readonly augmentation: Partial<AugmentationSettings>;
  readonly normalize: NormalizeConfig;
  /** Whether every label is drawn equally often. */
  readonly balance: boolean;
  /** Whether the flow of activations and gradients through the layers is recorded. */
  readonly watch: boolean;
  readonly seed: number;
  readonly validFraction: number;
  readonly testFraction: number;
  /** Only in a run that starts from a model. */
  readonly start?: StartConfig | undefined;
}

/** Some settings of a run, and of a start from a model; the others have their defaults. */
export type TrainSettings = Partial<Omit<TrainConfig, "start">> & {
  readonly start?: Partial<StartConfig> | undefined;
};

/** The normalizations by kind, with their default settings. */
export const NORMALIZATIONS: {
  readonly [K in NormalizeConfig["kind"]]: Extract<NormalizeConfig, { kind: K }>;
} = {
  none: { kind: "none" },
  standardize: { kind: "standardize", over: "band" },
  whiten: { kind: "whiten", zca: false, keepVariance: 1 },
};

/** Default length of a net's segments [frames]. */
export const SEGMENT_FRAMES: Readonly<Record<NetKind, number>> = {
  vgg: 64,
  "ds-cnn": 64,
  "gct634-1d": 512,
  "short-chunk": 128,
  mlp: 64,
};

/** Default settings. */
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
  emaDecay: 0.995,
  augment: 0.25,
  augmentation: {},
  normalize: NORMALIZATIONS.standardize,
  balance: true,
  watch: false,
  seed: RUN_SPLITS.seed,
  validFraction: RUN_SPLITS.validFraction,
  testFraction: RUN_SPLITS.testFraction,
};

const SETTING_NAMES = [...Object.keys(TRAIN_DEFAULTS), "start"];

/** Default of `start` in a run that starts from a model. */
export const START_DEFAULTS: StartConfig = {
  freeze: "half",
  statistics: "model",
  batchNorm: "keep",
  lastLayer: "fitted",
};

/** Default learning rate of a run that starts from a model: lower, so that the model's weights are not soon forgotten. */
export const START_LEARNING_RATE = 0.001;

/**
 * Checks that the options of a function hold no settings of a run, which are apart from them.
 * @throws UsageError naming the first setting
 */
export function checkSettingsApart(options: unknown): void {
  const name = Object.keys(Object(options)).find((each) => SETTING_NAMES.includes(each));
  if (name !== undefined)
    throw new UsageError({
      setting: "options",
      rule: "leave the settings of a run to `config`",
      got: name,
      remedy: `move \`${name}\` into \`config\``,
    });
}

/** Checks settings of the augmentation, any of them. */
function checkAugmentation(setting: string, value: unknown): void {
  checkObject(setting, value, "be an object of settings");
  const members = Object.entries(Object(value));
  checkNames(
    setting,
    members.map(([name]) => name),
    Object.keys(AUGMENTATION_CHECKS),
  );
  for (const [name, each] of members)
    AUGMENTATION_CHECKS[name as keyof AugmentationSettings](`${setting}.${name}`, each);
}

const factor = number({ above: 0, max: 1 });
const warmUp = optional(fraction);
const level = optional(choice(["segment"]));

/** `netConfig` checks the net, `splitClips` the fractions of the splits. */
const CHECKS: Readonly<
  Record<Exclude<keyof TrainConfig, "net" | "validFraction" | "testFraction" | "start">, Check>
> = {
  task: choice(["auto", "single-label", "multi-label"]),
  segmentFrames: integer(2, MAX_SEGMENT_FRAMES),
  batchSize: integer(2),
  epochs: integer(1),
  optimizer: byKind<OptimizerConfig>(OPTIMIZER_CHECKS),
  learningRate: positive,
  schedule: byKind<ScheduleConfig>({
    constant: { warmUp },
    step: { everyEpochs: integer(1), factor, warmUp },
    plateau: { factor, patience: integer(0), warmUp },
    cosine: { warmUp },
    "one-cycle": { peakAt: number({ above: 0, below: 1 }), startFactor: factor, endFactor: factor },
  }),
  clipNorm: notNegative,
  patience: integer(0),
  labelSmoothing: fraction,
  emaDecay: fraction,
  augment: number({ min: 0, max: 3 }),
  augmentation: checkAugmentation,
  normalize: byKind<NormalizeConfig>({
    none: { level },
    standardize: { over: choice(["band", "global"]), level },
    whiten: { zca: boolean, keepVariance: factor, level },
  }),
  balance: boolean,
  watch: boolean,
  seed: integer(0),
};

const checkFreeze: Check = (setting, value) =>
  typeof value === "number"
    ? checkInteger(setting, value, { min: 0, max: MAX_BLOCKS })
    : checkChoice(setting, value, ["none", "half", "body", "gradual"]);

const START_CHECKS: Readonly<Record<keyof StartConfig, Check>> = {
  freeze: checkFreeze,
  statistics: choice(["model", "train"]),
  batchNorm: choice(["keep", "adapt"]),
  lastLayer: choice(["fitted", "drawn"]),
};

/** Checks how a run uses the model that it starts from, and fills in the defaults. */
function startSettings(changes: Partial<StartConfig>): StartConfig {
  checkObject("start", changes, "be an object of settings");
  checkNames("start", Object.keys(changes), Object.keys(START_DEFAULTS));
  const start = { ...START_DEFAULTS, ...changes };
  for (const [name, check] of Object.entries(START_CHECKS))
    check(`start.${name}`, start[name as keyof StartConfig]);
  return start;
}

/**
 * Checks settings and fills in the defaults.
 * @param settings settings that differ from the defaults, or the `config` of a model file or a checkpoint
 * @throws UsageError naming the setting, its rule and its value
 * @example
 * import { netConfig, OPTIMIZERS, trainConfig } from "timbrel";
 *
 * const config = trainConfig({ ...OPTIMIZERS.nesterov, net: netConfig({ kind: "gct634-1d" }), epochs: 5 });
 * console.log(config.learningRate, config.segmentFrames, config.epochs); // -> 0.05 512 5
 */
export function trainConfig(settings: TrainSettings | Readonly<Record<string, unknown>> = {}): TrainConfig {
  checkObject("config", settings, "be an object of settings");
  const changes = settings as TrainSettings; // checked below
  checkNames("config", Object.keys(changes), SETTING_NAMES);
  const net = netConfig(changes.net ?? TRAIN_DEFAULTS.net);
  const { start, ...others } = changes;
  const config: TrainConfig = {
    ...TRAIN_DEFAULTS,
    segmentFrames: SEGMENT_FRAMES[net.kind],
    ...others,
    net,
    ...(start === undefined ? {} : { start: startSettings(start) }),
  };
  const values = new Map<string, unknown>(Object.entries(config));
  for (const [name, check] of Object.entries(CHECKS)) check(name, values.get(name));
  if (config.segmentFrames < minFrames(net))
    throw new UsageError({
      setting: "segmentFrames",
      rule: `be at least ${minFrames(net)} for this ${net.kind}`,
      got: config.segmentFrames,
      remedy: "use longer segments, or fewer blocks",
    });
  return config;
}
