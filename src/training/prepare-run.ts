import { UsageError } from "../core/errors.js";
import { fittingBatchSize, TrainSampler } from "../dataset/batches.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { minBands } from "../nn/architectures.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import { buildTrainingStep, type TrainingStep, type TrainingStepConfig } from "../nn/training-step.js";
import { augmentationOf } from "./augmentation.js";
import type { Checkpoint } from "./checkpoint.js";
import type { TrainConfig } from "./config.js";
import { type FittedNormalization, fitNormalization } from "./normalization.js";
import { type RunData, runData } from "./run-data.js";

/** A run that has only to begin. */
export interface PreparedRun {
  readonly data: RunData;
  /** Of the covariance of mel vectors, before and after the normalization. */
  readonly conditionNumber: FittedNormalization["conditionNumber"];
  readonly stepConfig: TrainingStepConfig;
  readonly step: TrainingStep;
  /** null for a run that is not watched. */
  readonly watchedStep: TrainingStep | null;
  readonly batches: TrainSampler;
}

/**
 * Splits the clips, fits the normalization on the train split and builds the training step; nothing is written.
 * @param options.resumed the checkpoint that the data must be those of
 * @throws DataError if the data have too few clips or classes to train on
 * @throws UsageError if the data do not fit the settings or the checkpoint
 */
export async function prepareRun(
  source: FeatureData,
  config: TrainConfig,
  options: {
    resumed?: { checkpoint: Checkpoint; outDir: string } | null;
    signal?: AbortSignal | undefined;
  } = {},
): Promise<PreparedRun> {
  const { segmentFrames, seed, balance } = config;
  const data = runData(source, config, options.resumed ?? null);
  const { train } = data.sets;
  const { normalization, conditionNumber } = await fitNormalization(train, config.normalize, options);
  const stepConfig = stepConfigOf(source, config, data, normalization);
  const { batchSize } = stepConfig;
  return {
    data,
    conditionNumber,
    stepConfig,
    step: buildTrainingStep(stepConfig),
    watchedStep: config.watch ? buildTrainingStep({ ...stepConfig, watch: true }) : null,
    batches: new TrainSampler(train, { batchSize, segmentFrames, seed, balance }),
  };
}

/** The training step for these settings and data. */
function stepConfigOf(
  { name, frontEnd }: FeatureData,
  config: TrainConfig,
  { sets: { train }, task }: RunData,
  normalization: InputNormalization,
): TrainingStepConfig {
  const { net, augment, segmentFrames, clipNorm } = config;
  const nBands = normalization.kind === "whiten" ? normalization.projection.shape[1] : train.nMels;
  if (nBands < minBands(net)) {
    const remedy = nBands < train.nMels ? "keep more variance, use" : "use";
    throw new UsageError({
      setting: "net",
      rule: `fit the ${nBands} values a frame of ${name}`,
      got: `a ${net.kind} that needs at least ${minBands(net)}`,
      remedy: `${remedy} fewer blocks, or use another kind of net`,
    });
  }
  return {
    net,
    task,
    nLabels: train.labels.length,
    inputShape: [segmentFrames, train.nMels],
    batchSize: fittingBatchSize(config.batchSize, train.clips.length),
    normalization,
    optimizer: config.optimizer,
    clipNorm: clipNorm > 0 ? clipNorm : undefined,
    labelSmoothing: config.labelSmoothing,
    emaDecay: config.emaDecay,
    augmentation: augment > 0 ? augmentationOf(frontEnd, segmentFrames, augment) : undefined,
  };
}
