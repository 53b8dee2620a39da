import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import { writeAtomically } from "../dataset/atomic-file.js";
import { TrainSampler } from "../dataset/batches.js";
import { featureSets } from "../dataset/feature-set.js";
import { type ClipSplits, splitClips } from "../dataset/splits.js";
import { fitStandardization } from "../dataset/standardization.js";
import type { FeatureStore, StoredClip } from "../dataset/store.js";
import { buildInferenceModel } from "../nn/inference.js";
import { buildTrainingStep, type Task } from "../nn/training-step.js";
import { Session } from "../runtime/session.js";
import { modelMetadata, trainClipPrefixes } from "../tagging/model-file.js";
import { augmentationOf } from "./augmentation.js";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { type TrainConfig, trainConfig } from "./config.js";
import { evaluateNet, mainScore } from "./evaluate.js";
import { type EpochRecord, type FitResult, fit, type StepReport } from "./fit.js";
import { trainLinearBaseline } from "./linear-baseline.js";

/** Names of what a run writes into its folder. */
export const RUN_FILES = {
  model: "model.onnx",
  linear: "model.linear.onnx",
  checkpoint: "checkpoint.safetensors",
  metrics: "metrics.jsonl",
} as const;

/** Where the linear baseline of a model lies: `<name>.linear.onnx` beside `<name>.onnx`. */
export function linearBaselinePath(modelPath: string): string {
  return modelPath.replace(/(\.onnx)?$/, ".linear.onnx");
}

/** What a caller may watch. */
export interface TrainEvents {
  /** Once, when all is set up; `resumedFrom` is the last epoch done before. */
  onStart?: (run: {
    config: TrainConfig;
    task: Task;
    splits: ClipSplits;
    parameterCount: number;
    resumedFrom: number;
  }) => void;
  onStep?: (report: StepReport) => void;
  /** After every epoch, when its checkpoint is written. */
  onEpoch?: (record: EpochRecord, isBest: boolean) => void;
}

/** A run's outcome. */
export interface TrainResult {
  readonly ended: FitResult["ended"];
  readonly bestEpoch: number;
  readonly history: readonly EpochRecord[];
  readonly modelPath: string;
}

/**
 * Trains a tagger on a feature store: splits, statistics of the train split, net, checkpoint after every epoch, and the
 * model of the best epoch, with the linear baseline beside it.
 *
 * @param outDir the run's folder
 * @param options.config settings that differ from the defaults; with `resume` they come from the checkpoint
 * @param options.resume goes on from the folder's checkpoint, to the same bits; starts anew where there is none
 * @param options.overwrite throws away a run that the folder holds
 * @throws UsageError if the folder holds a run and neither is asked for, or if the data are not those of the checkpoint
 */
export async function trainTagger(
  store: FeatureStore,
  outDir: string,
  options: {
    config?: Partial<TrainConfig>;
    resume?: boolean;
    overwrite?: boolean;
    threads?: number;
    signal?: AbortSignal;
  } & TrainEvents = {},
): Promise<TrainResult> {
  const path = (file: keyof typeof RUN_FILES) => join(outDir, RUN_FILES[file]);
  const found = (["checkpoint", "model"] as const).find((file) => existsSync(path(file)));
  if (found !== undefined && !options.resume && !options.overwrite)
    throw new UsageError(
      `train: ${outDir} must not hold a run, got ${RUN_FILES[found]}; go on with --resume or replace it with --overwrite`,
    );
  const checkpoint = options.resume ? readCheckpoint(path("checkpoint")) : null;
  const config = trainConfig(
    checkpoint === null ? options.config : (checkpoint.config as Partial<TrainConfig>),
  );
  const { seed, segmentFrames, validShare, testShare } = config;
  const splits = splitClips([...store.clips], { seed, validShare, testShare });
  if (splits.train.length === 0 || splits.valid.length === 0)
    throw new UsageError(
      `train: ${store.dir} must give clips to train and to valid, got ${splits.train.length} and ${splits.valid.length}`,
    );
  if (
    checkpoint !== null &&
    (checkpoint.splitHash !== splits.hash || checkpoint.frontEndHash !== store.frontEndHash)
  )
    throw new UsageError(
      `train: --resume must find the data of the checkpoint in ${outDir}, got other ${checkpoint.splitHash === splits.hash ? "features" : "clips or splits"} in ${store.dir}; start anew with --overwrite`,
    );
  const sets = featureSets(store, splits);
  const { train, valid } = sets;
  const task = config.task === "auto" ? taskOf(splits) : config.task;
  if (task === "single-label") refuseSeveralLabels(splits);
  if (task === "single-label" && train.labels.length < 2)
    throw new UsageError(
      `train: ${store.dir} must hold at least 2 classes, got 1 (${train.labels[0]}); a net learns them by their differences`,
    );
  const { mean, std } = fitStandardization(train, {
    kind: config.standardize,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const stepConfig = {
    net: config.net,
    task,
    nLabels: train.labels.length,
    inputShape: [segmentFrames, train.nMels],
    batchSize: Math.min(config.batchSize, Math.max(2, train.clips.length)),
    statistics: { mean, std },
    optimizer: config.optimizer,
    labelSmoothing: config.labelSmoothing,
    averageDecay: config.averageDecay,
    ...(config.augment > 0
      ? { augmentation: augmentationOf(store.frontEnd, segmentFrames, config.augment) }
      : {}),
  };
  const step = buildTrainingStep(stepConfig);
  // Nothing is written or thrown away before all settings are found to fit.
  mkdirSync(outDir, { recursive: true });
  if (checkpoint === null)
    for (const file of Object.values(RUN_FILES)) rmSync(join(outDir, file), { force: true });
  options.onStart?.({
    config,
    task,
    splits,
    parameterCount: step.parameterCount,
    resumedFrom: checkpoint?.state.history.length ?? 0,
  });

  const trainCounts = Object.fromEntries(
    train.labels.map((label) => [label, splits.train.filter((clip) => clip.labels.includes(label)).length]),
  );
  const exportModel = (weights: ReadonlyMap<string, Tensor>, record: EpochRecord): Uint8Array =>
    buildInferenceModel(
      stepConfig,
      weights,
      modelMetadata({
        task,
        labels: [...train.labels],
        frontEnd: store.frontEnd,
        segmentFrames,
        split: { seed, validShare, testShare, hash: splits.hash, trainCounts },
        valid: { ...record.valid },
        epoch: record.epoch,
        config: { ...config },
        trainClips: trainClipPrefixes(splits.train.map((clip) => clip.audioHash)),
      }),
    );
  if (!existsSync(path("linear"))) {
    const { threads, signal } = options;
    const linear = await trainLinearBaseline(sets, { task, seed, threads, signal });
    if (linear === null) return { ended: "interrupted", bestEpoch: 0, history: [], modelPath: path("model") };
    writeAtomically(path("linear"), linear);
  }

  const { state, ended } = await fit({
    step,
    inputShape: stepConfig.inputShape,
    nLabels: stepConfig.nLabels,
    batches: new TrainSampler(train, {
      batchSize: stepConfig.batchSize,
      segmentFrames,
      seed,
      balance: config.balance,
    }),
    evaluate: async (weights) => {
      const session = await Session.open(
        buildInferenceModel(stepConfig, weights),
        threadsOf(options.threads),
      );
      const scores = await evaluateNet(session, valid, { task, segmentFrames });
      await session.close();
      const named: Record<string, number> =
        scores.task === "single-label"
          ? { accuracy: scores.accuracy, balancedAccuracy: scores.balancedAccuracy }
          : { meanAveragePrecision: scores.meanAveragePrecision };
      return { score: mainScore(scores), valid: { loss: scores.loss, ...named } };
    },
    epochs: config.epochs,
    learningRate: config.learningRate,
    schedule: config.schedule,
    patience: config.patience,
    seed,
    resume: checkpoint?.state,
    threads: options.threads,
    onStep: options.onStep,
    onEpoch: (record, reached) => {
      const isBest = reached.best.epoch === record.epoch;
      if (isBest) writeAtomically(path("model"), exportModel(reached.best.weights, record));
      writeCheckpoint(path("checkpoint"), {
        state: reached,
        config: { ...config },
        splitHash: splits.hash,
        frontEndHash: store.frontEndHash,
      });
      writeFileSync(path("metrics"), reached.history.map((line) => `${JSON.stringify(line)}\n`).join(""));
      options.onEpoch?.(record, isBest);
    },
    signal: options.signal,
  });
  return { ended, bestEpoch: state.best.epoch, history: state.history, modelPath: path("model") };
}

const threadsOf = (threads: number | undefined) => (threads === undefined ? {} : { threads });

const everyClip = ({ train, valid, test }: ClipSplits): StoredClip[] => [...train, ...valid, ...test];

function taskOf(splits: ClipSplits): Task {
  return everyClip(splits).every((clip) => clip.labels.length === 1) ? "single-label" : "multi-label";
}

function refuseSeveralLabels(splits: ClipSplits): void {
  const several = everyClip(splits).find((clip) => clip.labels.length > 1);
  if (several !== undefined)
    throw new UsageError(
      `train: a single-label task must have one label a clip, got ${several.labels.join(", ")} for ${several.name}; use --task multi-label`,
    );
}
