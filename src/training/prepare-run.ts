import { counted } from "../core/counted.js";
import { DataError, UsageError } from "../core/errors.js";
import { Random } from "../core/random.js";
import type { Tensor } from "../core/tensor.js";
import { fittingBatchSize, TrainSampler } from "../dataset/batches.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { FeatureSet } from "../dataset/feature-set.js";
import { MAX_OUTPUT_VALUES, minBands, type SegmentNetConfig } from "../nn/architectures.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import { largestOutput } from "../nn/summary.js";
import { buildTrainingStep, type TrainingStep, type TrainingStepConfig } from "../nn/training-step.js";
import type { Engine } from "../runtime/engine.js";
import { modelIdentity, type TrainedModel } from "../tagging/model-file.js";
import { augmentationOf } from "./augmentation.js";
import type { Checkpoint } from "./checkpoint.js";
import { type StartConfig, type TrainConfig, trainConfig } from "./config.js";
import type { FitOptions } from "./fit.js";
import { fitHead, headWeights } from "./fit-head.js";
import { fixedNames, frozenCount } from "./freezing.js";
import { type FittedNormalization, fitNormalization } from "./normalization.js";
import { type RunData, runData } from "./run-data.js";
import { type Start, startOf } from "./start.js";

/** How runs of earlier versions, which did not record it, used the model that they started from. */
const UNFROZEN: StartConfig = {
  freeze: "none",
  statistics: "model",
  batchNorm: "adapt",
  lastLayer: "drawn",
};

/** A run that is ready to start. */
export interface PreparedRun {
  readonly data: RunData;
  /** null if the initial weights are drawn. */
  readonly start: Start | null;
  /** A fixed sample of the training clips, at most as many as there are validation clips, to be scored as those are. */
  readonly trainSample: FeatureSet<"train">;
  /** See `FittedNormalization`; null for a normalization that comes with a model. */
  readonly conditionNumber: FittedNormalization["conditionNumber"] | null;
  readonly stepConfig: TrainingStepConfig;
  /** The step of the first epoch, or of the last that the checkpoint holds. */
  readonly step: TrainingStep;
  /** null if the run does not record layer statistics. */
  readonly watchedStep: TrainingStep | null;
  /** See `FitOptions.stepAt`; undefined if every epoch has the same step. */
  readonly stepAt: FitOptions["stepAt"];
  readonly batches: TrainSampler;
}

/**
 * Splits the clips, fits the normalization on the train split and builds the training step; nothing is written.
 * @param options.resume the checkpoint to resume from; the data must be the same
 * @param options.from the model that the run starts from
 * @throws DataError if the data have too few clips or classes to train on, or if the checkpoint lacks a tensor
 * @throws UsageError if the data do not fit the settings, the checkpoint or the model
 */
export async function prepareRun(
  source: FeatureData,
  config: TrainConfig,
  options: {
    resume?: Checkpoint | null | undefined;
    from?: TrainedModel | undefined;
    signal?: AbortSignal | undefined;
  } = {},
): Promise<PreparedRun> {
  const { segmentFrames, seed, balance } = config;
  const { resume, from, signal } = options;
  if (resume && resume.from !== modelHash(from))
    throw new UsageError({
      setting: "from",
      rule: "be the model that the checkpoint's run started from",
      got:
        from === undefined
          ? "none"
          : resume.from === undefined
            ? "a model; its weights were drawn"
            : "another",
    });
  if (from === undefined && config.start !== undefined)
    throw new UsageError({
      setting: "start",
      rule: "be left out unless training starts from a model",
      got: config.start,
    });
  const data = runData(source, config, { resume, from });
  const { train } = data.sets;
  const start = from === undefined ? null : startOf(data, from);
  const { normalization, conditionNumber } =
    from === undefined || config.start?.statistics === "train"
      ? await fitNormalization(train, config, { signal })
      : { normalization: from.normalization, conditionNumber: null };
  if (from !== undefined) checkWidth(normalization, from.normalization);
  const stepConfig = stepConfigOf(source, config, data, normalization);
  const { batchSize } = stepConfig;
  const stepAt = start === null ? undefined : stepsFrom(start, stepConfig, config);
  const { step, watchedStep } =
    stepAt === undefined
      ? buildSteps(stepConfig, config)
      : resume
        ? stepAt(
            Math.max(1, resume.state.history.length),
            resume.state.tensors,
            trainConfig(resume.config).epochs,
          )
        : stepAt(1, start!.weights);
  if (resume) checkState(resume, step);
  return {
    data,
    start,
    trainSample: sampleOf(source, data, seed),
    conditionNumber,
    stepConfig,
    step,
    watchedStep,
    stepAt,
    batches: new TrainSampler(train, {
      ...{ batchSize, segmentFrames, seed, balance },
      backgroundTarget: data.task === "single-label" ? 1 / train.labels.length : 0,
    }),
  };
}

function buildSteps(stepConfig: TrainingStepConfig, { watch }: TrainConfig) {
  return {
    step: buildTrainingStep(stepConfig),
    watchedStep: watch ? buildTrainingStep({ ...stepConfig, watch: true }) : null,
  };
}

/**
 * The weights that a new run starts with, by name: the model's, and those of a last layer that is fitted. The others are drawn.
 * @param source the data that the run was prepared with
 */
export async function startWeights(
  { data, start }: PreparedRun,
  source: FeatureData,
  config: TrainConfig,
  run: { from: TrainedModel | undefined; engine: Engine; signal?: AbortSignal | undefined },
): Promise<ReadonlyMap<string, Tensor> | undefined> {
  const { from, engine, signal } = run;
  if (start === null || from === undefined) return undefined;
  if (start.keepsHead || config.start?.lastLayer !== "fitted") return start.weights;
  const head = await fitHead(source, data, from, { balance: config.balance, engine, signal });
  return new Map([...start.weights, ...headWeights(head)]);
}

/** Returns the function that gives the step of each epoch of a run that starts from a model. */
function stepsFrom({ weights, blocks }: Start, stepConfig: TrainingStepConfig, config: TrainConfig) {
  const { freeze, batchNorm } = config.start ?? UNFROZEN;
  const names = [...weights.keys()];
  const nBlocks = blocks.length;
  let last: (ReturnType<typeof buildSteps> & { nFrozen: number }) | undefined;
  return (epoch: number, tensors: ReadonlyMap<string, Tensor>, epochs = config.epochs) => {
    const nFrozen = frozenCount(freeze, { epoch, epochs, nBlocks });
    if (last?.nFrozen === nFrozen) return last;
    const fixed = new Map(
      fixedNames(names, nFrozen, batchNorm).flatMap((name) => {
        const tensor = tensors.get(name);
        return tensor === undefined ? [] : [[name, tensor] as const]; // `checkState` names one that is missing
      }),
    );
    last = { nFrozen, ...buildSteps({ ...stepConfig, fixed }, config) };
    return last;
  };
}

/** @throws UsageError if a normalization that was fitted anew does not keep as many components as the model's net reads */
function checkWidth(fitted: InputNormalization, own: InputNormalization): void {
  if (fitted.kind !== "whiten" || own.kind !== "whiten") return;
  const [found, needed] = [fitted, own].map(({ projection }) => projection.shape[1]);
  if (found === needed) return;
  throw new UsageError({
    setting: "start.statistics",
    rule: `keep the ${counted(needed, "component")} that the model's net reads`,
    got: found,
    remedy: "use the statistics of the model",
  });
}

function sampleOf(source: FeatureData, { splits, sets }: RunData, seed: number): FeatureSet<"train"> {
  const shuffled = new Random(`${seed}/train sample`).shuffle(sets.train.clips);
  const sample = { ...splits, train: shuffled.slice(0, sets.valid.clips.length) };
  return new FeatureSet(source, sample, "train", sets.train.labels);
}

/** Returns the settings of the training step for a run's settings and data. */
function stepConfigOf(
  { name, frontEnd }: FeatureData,
  config: TrainConfig,
  { sets: { train }, task }: RunData,
  normalization: InputNormalization,
): TrainingStepConfig {
  const { segmentFrames, clipNorm, start } = config;
  const net = start === undefined ? config.net : withoutWarmUp(config.net);
  const nBands = normalization.kind === "whiten" ? normalization.projection.shape[1] : train.nMels;
  if (nBands < minBands(net)) {
    const remedy = nBands < train.nMels ? "keep more variance, use" : "use";
    throw new UsageError({
      setting: "net",
      rule: `fit the ${counted(nBands, "value")} per frame of ${name}`,
      got: `a ${net.kind} that needs at least ${minBands(net)}`,
      remedy: `${remedy} fewer blocks, or use another kind of net`,
    });
  }
  const largest = largestOutput(net, [segmentFrames, nBands], train.labels.length);
  const nValues = Math.max(largest, segmentFrames * train.nMels);
  if (nValues > MAX_OUTPUT_VALUES)
    throw new UsageError({
      setting: "net",
      rule: `have at most ${MAX_OUTPUT_VALUES} values in a layer for one segment`,
      got: nValues,
      remedy: "use fewer channels, or a smaller `segmentFrames`",
    });
  return {
    net,
    task,
    nLabels: train.labels.length,
    inputShape: [segmentFrames, train.nMels],
    batchSize: fittingBatchSize(config.batchSize, train.clips.length),
    normalization,
    isMasked: train.lacksTargets,
    optimizer: config.optimizer,
    clipNorm: clipNorm > 0 ? clipNorm : undefined,
    labelSmoothing: config.labelSmoothing,
    emaDecay: config.emaDecay,
    augmentation: augmentationOf(frontEnd, config),
  };
}

/** A net that moves batch norm's averages on from those of the model that training starts from: they need no warm-up. */
const withoutWarmUp = (net: SegmentNetConfig): SegmentNetConfig =>
  net.batchNorm === null ? net : { ...net, batchNorm: { ...net.batchNorm, warmUp: false } };

/**
 * Checks that a checkpoint holds the whole state of the step, and the weights of its best epoch.
 * @throws DataError naming a tensor that is missing or has another shape
 */
function checkState(
  { state: { history, tensors, best } }: Checkpoint,
  { state, fixed, weightNames }: TrainingStep,
): void {
  const check = (found: Tensor | undefined, name: string, shape: readonly number[]): void => {
    const [is, expected] = [found?.shape, shape].map((each) => each && `[${each.join(", ")}]`);
    if (is === undefined) throw new DataError("checkpoint", `lacks tensor ${name} ${expected}`);
    if (is !== expected) throw new DataError("checkpoint", `tensor ${name} is ${is}, not ${expected}`);
  };
  const held = [...fixed].map(([name, { shape }]) => ({ name, shape }));
  for (const { name, shape } of [...held, ...state]) {
    check(tensors.get(name), name, shape);
    if (history.length > 0 && weightNames.includes(name))
      check(best.weights.get(name), `best/${name}`, shape);
  }
}

/** Identifies the model that a run starts from; undefined for none. */
export function modelHash(from: TrainedModel | undefined): string | undefined {
  return from && modelIdentity(from);
}
