import { type Command, Option } from "commander";
import { UsageError } from "../core/errors.js";
import { canonicalJson } from "../core/hash.js";
import { type GlobalPool, vgg } from "../nn/architectures.js";
import type { OptimizerConfig, SgdConfig } from "../nn/optimizers.js";
import type { ScheduleConfig } from "../nn/schedules.js";
import { OPTIMIZERS, TRAIN_DEFAULTS, type TrainConfig, trainConfig } from "../training/config.js";
import { choiceOption, integerOption, integersOption, namingFlags, numberOption } from "./options.js";

/** A flag of `train` and what its value changes. */
interface Setting {
  readonly option: Option;
  readonly change: (config: TrainConfig, value: never) => Partial<TrainConfig>;
}

const D = TRAIN_DEFAULTS;
const { adam: ADAM, sgd: SGD } = OPTIMIZERS;
const SCHEDULES: Readonly<Record<ScheduleConfig["kind"], ScheduleConfig>> = {
  cosine: D.schedule,
  plateau: { kind: "plateau", factor: 0.5, patience: 3 },
  constant: { kind: "constant" },
};
const NET = "Net:";
const TRAINING = "Training:";
const DATA = "Data:";

function setting<T>(
  group: string,
  option: Option,
  change: (config: TrainConfig, value: T) => Partial<TrainConfig>,
): Setting {
  return { option: option.helpGroup(group), change };
}

/** A flag that sets the member of its own name. */
function plain(group: string, option: Option): Setting {
  return setting(group, option, (_, value) => ({ [option.attributeName()]: value }));
}

/** In the order they are applied: what a later one sets refines an earlier one's. */
const SETTINGS: readonly Setting[] = [
  plain(
    DATA,
    choiceOption(
      "--task <kind>",
      "one label a clip, or any number of them",
      ["auto", "single-label", "multi-label"],
      D.task,
    ),
  ),
  plain(
    DATA,
    integerOption("--seed <n>", "seed of the splits, the weights and all that is drawn", { min: 0 }, D.seed),
  ),
  plain(
    DATA,
    numberOption(
      "--valid-share <x>",
      "share of clips to cut, where the store names no splits",
      { min: 0, below: 1 },
      D.validShare,
    ),
  ),
  plain(
    DATA,
    numberOption(
      "--test-share <x>",
      "share of clips to cut, where the store names no splits",
      { min: 0, below: 1 },
      D.testShare,
    ),
  ),
  plain(
    DATA,
    choiceOption(
      "--standardize <kind>",
      "standardize each mel band by itself, or all as one",
      ["band", "global"],
      D.standardize,
    ),
  ),
  plain(DATA, new Option("--no-balance", "draw clips as they come (default: every class equally often)")),
  plain(
    DATA,
    numberOption(
      "--augment <strength>",
      "strength of the random changes of segments, 0 for none",
      { min: 0, max: 3 },
      D.augment,
    ),
  ),
  plain(
    DATA,
    integerOption(
      "--segment-frames <n>",
      "length of the segments that the net reads",
      { min: 2, max: 65536 },
      D.segmentFrames,
    ),
  ),
  setting<number[]>(
    NET,
    integersOption("--channels <list>", "channels of each conv block", { min: 1, max: 4096 }, D.net.channels),
    ({ net }, channels) => ({ net: vgg({ ...net, channels }) }),
  ),
  setting<GlobalPool>(
    NET,
    choiceOption(
      "--global-pool <axes>",
      "average the last maps over time alone, or over time and mel bands",
      ["frames", "all"],
      D.net.globalPool,
    ),
    ({ net }, globalPool) => ({ net: { ...net, globalPool } }),
  ),
  setting<number>(
    NET,
    numberOption("--dropout <share>", "dropout before the last layer", { min: 0, below: 1 }, D.net.dropout),
    ({ net }, dropout) => ({ net: { ...net, dropout } }),
  ),
  plain(TRAINING, integerOption("--epochs <n>", "passes over the train split", { min: 1 }, D.epochs)),
  plain(
    TRAINING,
    integerOption(
      "--batch-size <n>",
      "segments in one step; fewer where clips are few",
      { min: 2, max: 65536 },
      D.batchSize,
    ),
  ),
  setting<"sgd" | "adam">(
    TRAINING,
    choiceOption(
      "--optimizer <kind>",
      "Adam with decoupled weight decay, or SGD with Nesterov momentum",
      ["adam", "sgd"],
      D.optimizer.kind,
    ),
    changeOptimizer,
  ),
  setting<number>(
    TRAINING,
    numberOption("--momentum <x>", "momentum of sgd", { min: 0, below: 1 }, SGD.optimizer.momentum),
    ({ optimizer }, momentum) => ({ optimizer: { ...onlySgd(optimizer), momentum } }),
  ),
  setting<number>(
    TRAINING,
    numberOption("--weight-decay <x>", "pull of the weights towards 0", { min: 0 }).default(
      ADAM.optimizer.weightDecay,
      `${ADAM.optimizer.weightDecay}, with sgd ${SGD.optimizer.weightDecay}`,
    ),
    ({ optimizer }, weightDecay) => ({ optimizer: { ...optimizer, weightDecay } }),
  ),
  plain(
    TRAINING,
    numberOption("--learning-rate <x>", "highest learning rate of the run", { above: 0 }).default(
      D.learningRate,
      `${ADAM.learningRate}, with sgd ${SGD.learningRate}`,
    ),
  ),
  setting<ScheduleConfig["kind"]>(
    TRAINING,
    choiceOption("--schedule <kind>", "course of the learning rate", Object.keys(SCHEDULES), D.schedule.kind),
    ({ schedule }, kind) => (kind === schedule.kind ? {} : { schedule: SCHEDULES[kind] }),
  ),
  plain(
    TRAINING,
    integerOption(
      "--patience <epochs>",
      "stop after so many without a better one, 0 for never",
      { min: 0 },
      D.patience,
    ),
  ),
  plain(
    TRAINING,
    numberOption(
      "--label-smoothing <x>",
      "share of the target that all labels get",
      { min: 0, below: 1 },
      D.labelSmoothing,
    ),
  ),
  plain(
    TRAINING,
    numberOption(
      "--average-decay <x>",
      "decay of the weights' moving average, 0 for none",
      { min: 0, below: 1 },
      D.averageDecay,
    ),
  ),
];

/** Another kind comes with its own defaults. */
function changeOptimizer({ optimizer }: TrainConfig, kind: "sgd" | "adam"): Partial<TrainConfig> {
  return kind === optimizer.kind ? {} : OPTIMIZERS[kind];
}

function onlySgd(optimizer: OptimizerConfig): SgdConfig {
  if (optimizer.kind !== "sgd")
    throw new UsageError(`--momentum must go with --optimizer sgd, got ${optimizer.kind}`);
  return optimizer;
}

/** Adds the flags of all settings. */
export function addTrainOptions(command: Command): Command {
  for (const { option } of SETTINGS) command.addOption(option);
  return command;
}

/** The settings whose flags were typed, with their values. */
function typed(command: Command): { flag: string; value: never; change: Setting["change"] }[] {
  return SETTINGS.flatMap(({ option, change }) => {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== "cli") return [];
    return [{ flag: option.long!, value: command.getOptionValue(name) as never, change }];
  });
}

/**
 * The settings of a new run.
 * @throws UsageError naming the flag that does not fit
 */
export function trainConfigOf(command: Command): TrainConfig {
  let config = TRAIN_DEFAULTS;
  for (const { value, change } of typed(command)) config = { ...config, ...change(config, value) };
  return namingFlags(() => trainConfig(config));
}

/**
 * Refuses flags that ask for other settings than a run's, since a resumed run keeps its own.
 * @throws UsageError naming the first such flag
 */
export function refuseChanges(command: Command, config: TrainConfig, outDir: string): void {
  for (const { flag, value, change } of typed(command))
    if (canonicalJson({ ...config, ...change(config, value) }) !== canonicalJson(config))
      throw new UsageError(
        `${flag} must be as in the run that ${outDir} holds, got ${String(value)}; leave it out to resume, or start anew with --overwrite`,
      );
}
