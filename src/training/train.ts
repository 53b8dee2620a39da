import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { Tensor } from "../core/tensor.js";
import type { ClipSplits } from "../dataset/splits.js";
import { evaluateNet } from "../evaluation/evaluate.js";
import { mainScore, measuresOf } from "../evaluation/measures.js";
import { buildInferenceModel } from "../nn/inference.js";
import type { Task, TrainingStepConfig } from "../nn/training-step.js";
import type { Engine } from "../runtime/engine.js";
import { nodeEngine } from "../runtime/node.js";
import { writeAtomically } from "../store/atomic-file.js";
import type { FeatureStore } from "../store/store.js";
import { encodeModel, type ModelInfo, trainClipPrefixes } from "../tagging/model-file.js";
import { writeCheckpoint } from "./checkpoint.js";
import { type TrainConfig, trainConfig } from "./config.js";
import { DivergedError, type EpochRecord, type FitResult, fit, type StepReport } from "./fit.js";
import { trainLinearBaseline } from "./linear-baseline.js";
import type { FittedNormalization } from "./normalization.js";
import { prepareRun } from "./prepare-run.js";
import type { RunData } from "./run-data.js";
import { checkpointToResume, runPaths } from "./run-folder.js";
import { encodeSafetensors } from "./safetensors.js";

/** What a caller may watch. */
export interface TrainEvents {
  /** Once, when all is set up; `resumedFrom` is the last epoch done before. */
  onStart?: (run: {
    config: TrainConfig;
    task: Task;
    splits: ClipSplits;
    parameterCount: number;
    /** As in the settings, or smaller where clips are few. */
    batchSize: number;
    /** Of the covariance of mel vectors, before and after the normalization. */
    conditionNumber: FittedNormalization["conditionNumber"];
    resumedFrom: number;
  }) => void;
  onStep?: (report: StepReport) => void;
  /** After every epoch, when its checkpoint is written. */
  onEpoch?: (record: EpochRecord, isBest: boolean) => void;
}

/** A run's outcome. */
export interface TrainResult {
  readonly task: Task;
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
 * @param options.engine `@default` ONNX Runtime on every core
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
    engine?: Engine;
    signal?: AbortSignal;
  } & TrainEvents = {},
): Promise<TrainResult> {
  const { engine = nodeEngine(), signal } = options;
  const checkpoint = checkpointToResume(outDir, options);
  const config = trainConfig(
    checkpoint === null ? options.config : (checkpoint.config as Partial<TrainConfig>),
  );
  const { seed, segmentFrames } = config;
  const resumed = checkpoint && { checkpoint, outDir };
  const { data, conditionNumber, stepConfig, step, watchedStep, batches } = await prepareRun(store, config, {
    resumed,
    signal,
  });
  const { sets, splits, task } = data;

  // Nothing is written or thrown away before all settings are found to fit.
  const paths = runPaths(outDir);
  mkdirSync(outDir, { recursive: true });
  if (checkpoint === null) for (const path of Object.values(paths)) rmSync(path, { force: true });
  const { parameterCount } = step;
  const { batchSize } = stepConfig;
  const resumedFrom = checkpoint?.state.history.length ?? 0;
  options.onStart?.({ config, task, splits, parameterCount, batchSize, conditionNumber, resumedFrom });

  if (!existsSync(paths.linear)) {
    const linear = await trainLinearBaseline(sets, { task, seed, engine, signal });
    if (linear === null)
      return { task, ended: "interrupted", bestEpoch: 0, history: [], modelPath: paths.model };
    writeAtomically(paths.linear, linear);
  }
  const infoOf = modelInfo(store, config, data);
  const { state, ended } = await fit({
    step,
    watchedStep,
    engine,
    batches,
    evaluate: (weights) => validate(stepConfig, weights, data, { segmentFrames, engine }),
    epochs: config.epochs,
    learningRate: config.learningRate,
    schedule: config.schedule,
    patience: config.patience,
    seed,
    resume: checkpoint?.state,
    onStep: options.onStep,
    onEpoch: (record, reached) => {
      const isBest = reached.best.epoch === record.epoch;
      if (isBest) {
        const { weights } = reached.best;
        const { normalization } = stepConfig;
        writeAtomically(
          paths.model,
          encodeModel({ info: infoOf(record), net: config.net, weights, normalization }),
        );
      }
      writeCheckpoint(paths.checkpoint, {
        state: reached,
        config: { ...config },
        splitHash: splits.hash,
        frontEndHash: store.frontEndHash,
      });
      writeFileSync(paths.metrics, reached.history.map((line) => `${JSON.stringify(line)}\n`).join(""));
      options.onEpoch?.(record, isBest);
    },
    signal,
  }).catch((error: unknown) => {
    if (!(error instanceof DivergedError)) throw error;
    writeAtomically(paths.diverged, encodeSafetensors(new Map(error.divergence.tensors), {}));
    const kept = `the last weights of a finite loss are kept in ${paths.diverged}`;
    const { setting, rule, got, remedy, divergence } = error;
    throw new DivergedError({ setting, rule, got, remedy: `${remedy}; ${kept}` }, divergence);
  });
  return { task, ended, bestEpoch: state.best.epoch, history: state.history, modelPath: paths.model };
}

/** What the model file will say of itself, given the epoch whose weights it holds. */
function modelInfo(
  { frontEnd }: FeatureStore,
  config: TrainConfig,
  { sets: { train }, splits, task }: RunData,
): (record: EpochRecord) => ModelInfo {
  const { seed, validFraction, testFraction, segmentFrames } = config;
  const countOf = (label: string) => splits.train.filter((clip) => clip.labels.includes(label)).length;
  const trainCounts = Object.fromEntries(train.labels.map((label) => [label, countOf(label)]));
  const trainClips = trainClipPrefixes(splits.train.map((clip) => clip.audioHash));
  return ({ epoch, valid }) => ({
    task,
    labels: [...train.labels],
    frontEnd,
    segmentFrames,
    split: { seed, validFraction, testFraction, hash: splits.hash, trainCounts },
    valid: { ...valid },
    epoch,
    config: { ...config },
    trainClips,
  });
}

/** Scores on the valid split. */
async function validate(
  stepConfig: TrainingStepConfig,
  weights: ReadonlyMap<string, Tensor>,
  { sets: { valid }, task }: RunData,
  { segmentFrames, engine }: { segmentFrames: number; engine: Engine },
): Promise<Pick<EpochRecord, "score" | "valid">> {
  const session = await engine.open(buildInferenceModel(stepConfig, weights));
  const scores = await evaluateNet(session, valid, { task, segmentFrames, resamples: 1 });
  await session.close();
  const named = Object.fromEntries(measuresOf(task).map((measure) => [measure.name, measure.of(scores)]));
  return { score: mainScore(scores), valid: { loss: scores.loss, ...named } };
}
