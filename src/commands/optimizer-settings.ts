import { UsageError } from "../core/errors.js";
import {
  OPTIMIZERS,
  type OptimizerConfig,
  type OptimizerName,
  type OptimizerPreset,
  optimizerName,
} from "../nn/optimizers.js";
import type { ScheduleConfig } from "../nn/schedules.js";
import { START_LEARNING_RATE, TRAIN_DEFAULTS, type TrainConfig } from "../training/config.js";
import { choiceOption, integerOption, numberOption } from "./options.js";
import { type Setting, settingsGroup } from "./settings.js";

type ScheduleKind = ScheduleConfig["kind"];

const D = TRAIN_DEFAULTS;
const NAMES = Object.keys(OPTIMIZERS) as OptimizerName[];
const STEP = { kind: "step", everyEpochs: 10, factor: 0.1, warmUp: 0 } as const;
const PLATEAU = { kind: "plateau", factor: 0.5, patience: 3, warmUp: 0 } as const;
const COSINE = { kind: "cosine", warmUp: 0.05 } as const;
const SCHEDULES: Readonly<Record<ScheduleKind, ScheduleConfig>> = {
  constant: { kind: "constant", warmUp: 0 },
  step: STEP,
  plateau: PLATEAU,
  cosine: COSINE,
  // The defaults of PyTorch's OneCycleLR.
  "one-cycle": { kind: "one-cycle", peakAt: 0.3, startFactor: 1 / 25, endFactor: 1 / 250_000 },
};

const { setting, plain } = settingsGroup<TrainConfig>("Optimizer and learning rate:");

/** A setting's values in the optimizers' presets, for the help: `momentum 0.9; nesterov 0.9`. */
function byOptimizer(pick: (preset: OptimizerPreset) => number | undefined): string {
  return NAMES.map((name) => [name, pick(OPTIMIZERS[name])] as const)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");
}

/** Settings of the optimizer and the learning rate. A later one refines the earlier ones. */
export const OPTIMIZER_SETTINGS: readonly Setting<TrainConfig>[] = [
  setting<OptimizerName>(
    choiceOption(
      "--optimizer <name>",
      "optimizer, with its own default settings and learning rate",
      NAMES,
      optimizerName(D.optimizer),
    ),
    ({ optimizer }, name) => (name === optimizerName(optimizer) ? {} : OPTIMIZERS[name]),
  ),
  setting<number>(
    numberOption("--momentum <x>", "fraction of its velocity that a weight keeps at each step", {
      min: 0,
      below: 1,
    }).default(
      momentumOf(OPTIMIZERS.nesterov.optimizer),
      byOptimizer(({ optimizer }) => momentumOf(optimizer)),
    ),
    ({ optimizer }, momentum) => ({ optimizer: { ...withMomentum(optimizer), momentum } }),
  ),
  setting<number>(
    numberOption("--weight-decay <x>", "strength of the weights' pull towards 0", { min: 0 }).default(
      D.optimizer.weightDecay,
      byOptimizer(({ optimizer }) => optimizer.weightDecay),
    ),
    ({ optimizer }, weightDecay) => ({ optimizer: { ...optimizer, weightDecay } }),
  ),
  plain(
    numberOption(
      "--learning-rate <x>",
      `highest learning rate of the run; with --from, ${START_LEARNING_RATE} if no optimizer is named`,
      { above: 0 },
    ).default(
      D.learningRate,
      byOptimizer(({ learningRate }) => learningRate),
    ),
  ),
  plain(
    numberOption(
      "--clip-norm <x>",
      "largest joint norm of all gradients, which are scaled down to it; 0 for no limit",
      { min: 0 },
      D.clipNorm,
    ),
  ),
  setting<ScheduleKind>(
    choiceOption(
      "--schedule <kind>",
      "how the learning rate changes during the run",
      Object.keys(SCHEDULES),
      D.schedule.kind,
    ),
    ({ schedule }, kind) => (kind === schedule.kind ? {} : { schedule: SCHEDULES[kind] }),
  ),
  setting<number>(
    numberOption("--warm-up <fraction>", "fraction of the run during which the rate rises from 0", {
      min: 0,
      below: 1,
    }).default(COSINE.warmUp, `cosine ${COSINE.warmUp}; one-cycle has its own; otherwise 0`),
    ({ schedule }, warmUp) => {
      if (schedule.kind === "one-cycle")
        throw new UsageError({
          setting: "--warm-up",
          rule: "be used with a schedule other than one-cycle, which has its own warm-up",
          got: "--schedule one-cycle",
        });
      return { schedule: { ...schedule, warmUp } };
    },
  ),
  setting<number>(
    integerOption(
      "--drop-epochs <n>",
      "step: epochs between drops; plateau: epochs without improvement to wait before a drop",
      {
        min: 1,
      },
    ).default(STEP.everyEpochs, `step ${STEP.everyEpochs}; plateau ${PLATEAU.patience}`),
    ({ schedule }, epochs) => {
      const dropping = withDrops(schedule, "--drop-epochs");
      return {
        schedule:
          dropping.kind === "step" ? { ...dropping, everyEpochs: epochs } : { ...dropping, patience: epochs },
      };
    },
  ),
  setting<number>(
    numberOption("--drop-factor <x>", "factor of each drop in step and plateau", {
      above: 0,
      below: 1,
    }).default(STEP.factor, `step ${STEP.factor}; plateau ${PLATEAU.factor}`),
    ({ schedule }, factor) => ({ schedule: { ...withDrops(schedule, "--drop-factor"), factor } }),
  ),
];

/** The momentum of an optimizer; undefined if it has none. */
function momentumOf(optimizer: OptimizerConfig): number | undefined {
  return "momentum" in optimizer ? optimizer.momentum : undefined;
}

function withMomentum(optimizer: OptimizerConfig): Extract<OptimizerConfig, { momentum: number }> {
  if ("momentum" in optimizer) return optimizer;
  const names = NAMES.filter((name) => momentumOf(OPTIMIZERS[name].optimizer) !== undefined);
  throw new UsageError({
    setting: "--momentum",
    rule: `be used with --optimizer ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`,
    got: `--optimizer ${optimizer.kind}`,
  });
}

function withDrops(
  schedule: ScheduleConfig,
  flag: string,
): Extract<ScheduleConfig, { kind: "step" | "plateau" }> {
  if (schedule.kind === "step" || schedule.kind === "plateau") return schedule;
  throw new UsageError({
    setting: flag,
    rule: "be used with --schedule step or plateau",
    got: `--schedule ${schedule.kind}`,
  });
}
