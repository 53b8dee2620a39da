import type { Command } from "commander";
import { UsageError } from "../core/errors.js";
import { canonicalJson } from "../core/hash.js";
import type { TrainedModel } from "../tagging/model-file.js";
import type { Checkpoint } from "../training/checkpoint.js";
import { TRAIN_DEFAULTS, type TrainConfig, trainConfig } from "../training/config.js";
import { CHANGEABLE, resumedConfig } from "../training/resumed-config.js";
import { startingConfig } from "../training/start.js";
import type { HeadConfig } from "../training/train-head.js";
import { DATA_SETTINGS } from "./data-settings.js";
import { NET_SETTINGS } from "./net-settings.js";
import { OPTIMIZER_SETTINGS } from "./optimizer-settings.js";
import { integerOption, numberOption } from "./options.js";
import {
  addSettings,
  changed,
  type Setting,
  settingsGroup,
  switchOption,
  typedSettings,
} from "./settings.js";
import { START_SETTINGS } from "./start-settings.js";

const D = TRAIN_DEFAULTS;

const { plain } = settingsGroup<TrainConfig>("Training:");

const TRAINING_SETTINGS: readonly Setting<TrainConfig>[] = [
  plain(
    integerOption("--epochs <n>", "passes over the train split; with --resume, in all", { min: 1 }, D.epochs),
  ),
  plain(
    integerOption(
      "--batch-size <n>",
      "segments per step; fewer if there are few clips",
      { min: 2, max: 65536 },
      D.batchSize,
    ),
  ),
  plain(
    integerOption(
      "--patience <epochs>",
      "stop after this many epochs without improvement, 0 for never",
      { min: 0 },
      D.patience,
    ),
  ),
  plain(
    numberOption(
      "--label-smoothing <x>",
      "fraction of the target that is spread over all labels",
      { min: 0, below: 1 },
      D.labelSmoothing,
    ),
  ),
  plain(
    numberOption(
      "--ema-decay <x>",
      "decay of the weights' moving average, 0 for none",
      { min: 0, below: 1 },
      D.emaDecay,
    ),
  ),
  plain(
    switchOption(
      "--watch",
      "record how activations and gradients flow, and warn about layers that do not learn",
    ),
  ),
];

/** All settings, in the order in which they are applied. */
const SETTINGS: readonly Setting<TrainConfig>[] = [
  ...DATA_SETTINGS,
  ...NET_SETTINGS,
  ...OPTIMIZER_SETTINGS,
  ...TRAINING_SETTINGS,
  ...START_SETTINGS,
];

/** Adds the flags of all settings. */
export function addTrainOptions(command: Command): Command {
  return addSettings(command, SETTINGS);
}

/** A model that a run starts from, and the path of its file. */
export interface StartModel {
  readonly model: TrainedModel;
  readonly path: string;
}

/**
 * The settings of a new run.
 * @throws UsageError naming the setting or the flag that does not fit, or that contradicts the model
 */
export function trainConfigOf(command: Command, from?: StartModel): TrainConfig {
  const typed = typedSettings(command, SETTINGS);
  if (from === undefined) return trainConfig(changed(TRAIN_DEFAULTS, typed));
  const config = startingConfig(from.model);
  const contrary = typed.find((setting) => !isOfModel(changed(config, [setting]), config));
  if (contrary !== undefined)
    throw new UsageError({
      setting: contrary.flag,
      rule: `match the model that training starts from, ${from.path}`,
      got: String(contrary.value),
      remedy: "leave it out, or train without --from",
    });
  return startingConfig(from.model, changed(config, typed));
}

/** Flags of the settings that a linear head has. */
const HEAD_FLAGS = ["--task", "--seed", "--valid-fraction", "--test-fraction", "--no-balance"];

/**
 * The settings of a linear head.
 * @throws UsageError naming a flag that is about training a net
 */
export function headConfigOf(command: Command): HeadConfig {
  const typed = typedSettings(command, SETTINGS);
  const other = typed.find(({ flag }) => !HEAD_FLAGS.includes(flag));
  if (other !== undefined)
    throw new UsageError({
      setting: other.flag,
      rule: "be used without --head linear, which trains no net",
      got: "both",
      remedy: "leave out one of them",
    });
  const { task, seed, validFraction, testFraction, balance } = changed(TRAIN_DEFAULTS, typed);
  return { task, seed, validFraction, testFraction, balance };
}

/** Whether settings have the net, the segments, the kind of normalization and the level of a model's. */
function isOfModel(settings: TrainConfig, own: TrainConfig): boolean {
  const shared = ({ net, segmentFrames, normalize: { kind, level } }: TrainConfig) =>
    canonicalJson({ net, segmentFrames, kind, level: level ?? "none" });
  return shared(settings) === shared(own);
}

/**
 * The settings of a resumed run: its own, with those that may change as the flags ask.
 * @throws UsageError naming the first flag that asks for another change
 */
export function resumedConfigOf(command: Command, checkpoint: Checkpoint, outDir: string): TrainConfig {
  const config = trainConfig(checkpoint.config);
  const typed = typedSettings(command, SETTINGS);
  const wanted = changed(config, typed);
  const isSame = (other: TrainConfig) =>
    canonicalJson({ ...other, ...only(config) }) === canonicalJson(config);
  // One flag may undo another's change, as `--channels` does with a net file's channels.
  if (isSame(wanted)) return resumedConfig(checkpoint, only(wanted));
  const { flag, value } = typed.find((setting) => !isSame(changed(config, [setting])))!;
  throw new UsageError({
    setting: flag,
    rule: `match the run in ${outDir}`,
    got: String(value),
    remedy: "leave it out to resume, or start over with --overwrite",
  });
}

/** The settings that a resumed run may change. */
const only = (config: TrainConfig): Partial<TrainConfig> =>
  Object.fromEntries(CHANGEABLE.map((name) => [name, config[name]]));
