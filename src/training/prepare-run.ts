import { counted } from "../core/counted.js";
import { DataError, UsageError } from "../core/errors.js";
import { canonicalJson } from "../core/hash.js";
import { Random } from "../core/random.js";
import type { Tensor } from "../core/tensor.js";
import { fittingBatchSize, TrainSampler } from "../dataset/batches.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { FeatureSet } from "../dataset/feature-set.js";
import { describeDifference, frontEndHash } from "../features/front-end.js";
import { MAX_OUTPUT_VALUES, minBands } from "../nn/architectures.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import { largestOutput, netTensors } from "../nn/summary.js";
import { buildTrainingStep, type TrainingStep, type TrainingStepConfig } from "../nn/training-step.js";
import { modelIdentity, type TrainedModel } from "../tagging/model-file.js";
import { augmentationOf } from "./augmentation.js";
import type { Checkpoint } from "./checkpoint.js";
import type { TrainConfig } from "./config.js";
import { type FittedNormalization, fitNormalization } from "./normalization.js";
import { type RunData, runData } from "./run-data.js";

/** A run that is ready to start. */
export interface PreparedRun {
  readonly data: RunData;
  /** A fixed sample of the training clips, at most as many as there are validation clips, to be scored as those are. */
  readonly trainSample: FeatureSet<"train">;
  /** See `FittedNormalization`; null for a normalization that comes with a model. */
  readonly conditionNumber: FittedNormalization["conditionNumber"] | null;
  readonly stepConfig: TrainingStepConfig;
  readonly step: TrainingStep;
  /** null if the run does not record layer statistics. */
  readonly watchedStep: TrainingStep | null;
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
  if (from !== undefined) checkStart(source, config, from);
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
  const data = runData(source, config, { resume, from });
  const { train } = data.sets;
  const { normalization, conditionNumber } =
    from === undefined
      ? await fitNormalization(train, config.normalize, { signal })
      : { normalization: from.normalization, conditionNumber: null };
  const stepConfig = stepConfigOf(source, config, data, normalization);
  const { batchSize } = stepConfig;
  const step = buildTrainingStep(stepConfig);
  if (resume) checkState(resume, step);
  return {
    data,
    trainSample: sampleOf(source, data, seed),
    conditionNumber,
    stepConfig,
    step,
    watchedStep: config.watch ? buildTrainingStep({ ...stepConfig, watch: true }) : null,
    batches: new TrainSampler(train, {
      ...{ batchSize, segmentFrames, seed, balance },
      backgroundTarget: data.task === "single-label" ? 1 / train.labels.length : 0,
    }),
  };
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
  const { net, segmentFrames, clipNorm } = config;
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

/**
 * Checks that a checkpoint holds the whole state of the step, and the weights of its best epoch.
 * @throws DataError naming a tensor that is missing or has another shape
 */
function checkState(
  { state: { history, tensors, best } }: Checkpoint,
  { state, weightNames }: TrainingStep,
): void {
  const check = (found: Tensor | undefined, name: string, shape: readonly number[]): void => {
    const [is, expected] = [found?.shape, shape].map((each) => each && `[${each.join(", ")}]`);
    if (is === undefined) throw new DataError("checkpoint", `lacks tensor ${name} ${expected}`);
    if (is !== expected) throw new DataError("checkpoint", `tensor ${name} is ${is}, not ${expected}`);
  };
  for (const { name, shape } of state) {
    check(tensors.get(name), name, shape);
    if (history.length > 0 && weightNames.includes(name))
      check(best.weights.get(name), `best/${name}`, shape);
  }
}

/** Identifies the model that a run starts from; undefined for none. */
export function modelHash(from: TrainedModel | undefined): string | undefined {
  return from && modelIdentity(from);
}

/**
 * Checks that a run with these settings and data can start from the model.
 * @throws UsageError if it cannot
 */
function checkStart(
  { name, frontEnd }: FeatureData,
  config: TrainConfig,
  { info, net, weights, normalization }: TrainedModel,
): void {
  const mustEqual = (setting: string, got: unknown, expected: unknown): void => {
    if (canonicalJson(got) !== canonicalJson(expected))
      throw new UsageError({ setting, rule: `be the model's, ${JSON.stringify(expected)}`, got });
  };
  if (frontEndHash(frontEnd) !== frontEndHash(info.frontEnd))
    throw new UsageError({
      setting: "data",
      rule: "have the front end of the model that training starts from",
      got: `${name} with another (${describeDifference(frontEnd, info.frontEnd)})`,
    });
  mustEqual("net", config.net, net);
  mustEqual("segmentFrames", config.segmentFrames, info.segmentFrames);
  mustEqual("normalize.kind", config.normalize.kind, normalization.kind);
  if (config.task !== "auto") mustEqual("task", config.task, info.task);
  const width = normalization.kind === "whiten" ? normalization.projection.shape[1] : frontEnd.nMels;
  for (const { name: tensor, shape } of netTensors(net, [info.segmentFrames, width], info.labels.length))
    mustEqual(`from.weights ${tensor}`, weights.get(tensor)?.shape ?? "none", shape);
}
