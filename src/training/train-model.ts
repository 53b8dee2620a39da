import { checkObject } from "../core/inputs.js";
import {
  abortSignal,
  type Check,
  callback,
  checkOptions,
  nullable,
  optional,
} from "../core/setting-checks.js";
import type { Tensor } from "../core/tensor.js";
import { checkData, type FeatureData } from "../dataset/feature-data.js";
import { type ClipSplits, recordSplits } from "../dataset/splits.js";
import { evaluateNet } from "../evaluation/evaluate.js";
import { mainScore, measuresOf } from "../evaluation/measures.js";
import { buildInferenceModel } from "../nn/inference.js";
import { summarize } from "../nn/summary.js";
import type { Task } from "../nn/training-step.js";
import { type Engine, engineOption } from "../runtime/engine.js";
import { checkModel, type ModelInfo, modelIdentity, type TrainedModel } from "../tagging/model-file.js";
import { normalizedWidth } from "../tagging/model-tensors.js";
import { calibrateModel } from "./calibrate-model.js";
import type { Checkpoint } from "./checkpoint.js";
import { clipFacts } from "./clip-facts.js";
import { checkSettingsApart, type TrainConfig, type TrainSettings, trainConfig } from "./config.js";
import {
  type EpochAnswer,
  type EpochRecord,
  type Evaluated,
  type FitResult,
  fit,
  type StepReport,
} from "./fit.js";
import { modelHash, type PreparedRun, prepareRun, startWeights } from "./prepare-run.js";
import { resumedConfig } from "./resumed-config.js";
import type { RunData } from "./run-data.js";
import { checkStartData, type Start, startingConfig } from "./start.js";

/** A run that is set up and about to begin. */
export interface RunStart {
  readonly config: TrainConfig;
  readonly task: Task;
  readonly splits: ClipSplits;
  readonly sets: RunData["sets"];
  /** Number of values that the net learns, frozen or not. */
  readonly parameterCount: number;
  /** Batch size of the settings, or smaller if there are few clips. */
  readonly batchSize: number;
  /** See `FittedNormalization`; null for a run that keeps the normalization of the model that it starts from. */
  readonly conditionNumber: PreparedRun["conditionNumber"];
  /** What the run takes from the model that it starts from; null if its initial weights are drawn. */
  readonly start: Start | null;
  /** Number of clips in the data that are in none of the splits: they came after the run began. */
  readonly unusedClips: number;
  /** Number of epochs that were done before; 0 for a new run. */
  readonly resumedFrom: number;
  /** The model of the best of those epochs, not calibrated; null for a new run. */
  readonly model: TrainedModel | null;
}

/** A run after an epoch. */
export interface RunProgress {
  /** Whether this epoch is the best so far. */
  readonly isBest: boolean;
  /** Everything the run needs to continue from here with the same bits. */
  readonly checkpoint: Checkpoint;
  /** The model of the best epoch so far, not calibrated. */
  readonly model: TrainedModel;
}

/** Options of `trainModel` besides data and settings. */
export interface TrainModelOptions {
  readonly engine: Engine;
  /**
   * After an abort the run ends after its current step; that epoch is lost. While statistics or a last layer are fitted, the promise
   * rejects with the signal's reason.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Checkpoint of an earlier run, to resume from with its settings; `config` may change `epochs` and `patience`. The run
   * goes on with its own clips and splits, even if the data have more clips by now.
   */
  readonly resume?: Checkpoint | null | undefined;
  /**
   * A model to start from. Front end, net, segment length, kind of normalization and task are the model's, the task unless clips
   * have several labels. With the model's labels and task all of its weights go on; otherwise the last layer is new.
   * `config.start` says which blocks are frozen and whose statistics are used.
   * @default the initial weights are drawn, and the normalization is fitted on the train split
   */
  readonly from?: TrainedModel | undefined;
  /** Called once, when the run is set up; training waits for it. */
  readonly onStart?: ((run: RunStart) => void | Promise<void>) | undefined;
  /** Called after every step. */
  readonly onStep?: ((report: StepReport) => void) | undefined;
  /** May return "stop" to end the run after this epoch. */
  readonly onEpoch?:
    | ((record: EpochRecord, run: RunProgress) => EpochAnswer | Promise<EpochAnswer>)
    | undefined;
}

/** Outcome of a run. */
export interface ModelRun {
  /**
   * The model of the best epoch, calibrated unless the run was interrupted; null if it was interrupted before its first epoch
   * was done.
   */
  readonly model: TrainedModel | null;
  readonly task: Task;
  readonly ended: FitResult["ended"];
  readonly history: readonly EpochRecord[];
  /** State of the run, to resume from. */
  readonly checkpoint: Checkpoint;
}

/**
 * Trains a tagger: splits the clips, fits the normalization on the train split, trains the net, keeps the weights of the
 * epoch with the best validation score, and calibrates them on the validation split. It reads only from `data` and writes
 * nothing.
 *
 * @param config settings that differ from the defaults
 * @throws DataError if the data have too few clips or classes to train on
 * @throws UsageError if the data do not fit the settings, the checkpoint or the model
 * @throws DivergedError if a loss is no longer finite
 * @example
 * import { featuresInMemory, frontEnd, netConfig, nodeEngine, trainModel } from "timbrel";
 *
 * const clips = Array.from({ length: 12 }, (_, i) => {
 *   const features = { shape: [8, 2], data: new Float32Array(16).fill((i % 2) + i / 100) };
 *   return { name: `${i}`, labels: [i % 2 === 0 ? "quiet" : "loud"], features };
 * });
 * const data = featuresInMemory(frontEnd({ nMels: 2 }), clips);
 * const config = { net: netConfig({ kind: "mlp", units: [8] }), segmentFrames: 8, epochs: 3 };
 * const { model, history, ended } = await trainModel(data, config, { engine: nodeEngine() });
 * console.log(model!.info.labels, history.length, ended); // -> [ 'loud', 'quiet' ] 3 finished
 *
 * // Clips of three other labels, starting from that model: the last layer is new, and only it is trained.
 * const others = Array.from({ length: 15 }, (_, i) => {
 *   const features = { shape: [8, 2], data: new Float32Array(16).fill((i % 3) + i / 50) };
 *   return { name: `other ${i}`, labels: [["high", "low", "mid"][i % 3]], features };
 * });
 * const finer = featuresInMemory(frontEnd({ nMels: 2 }), others);
 * const settings = { epochs: 2, start: { freeze: "body" } } as const;
 * const tuned = await trainModel(finer, settings, { engine: nodeEngine(), from: model! });
 * const weight = "hidden1.dense.weight";
 * console.log(tuned.model!.info.labels, tuned.model!.weights.get(weight) === model!.weights.get(weight));
 * // -> [ 'high', 'low', 'mid' ] true
 */
export async function trainModel(
  data: FeatureData,
  config: TrainSettings,
  options: TrainModelOptions,
): Promise<ModelRun> {
  checkData(data);
  checkObject("config", config, "be an object of settings");
  checkSettingsApart(options);
  checkOptions<TrainModelOptions>(options, {
    engine: engineOption,
    signal: optional(abortSignal),
    resume: nullable(checkpointOption),
    from: optional((_, value) => checkModel(value)),
    onStart: optional(callback),
    onStep: optional(callback),
    onEpoch: optional(callback),
  });
  const { engine, resume, from, signal } = options;
  if (from) checkStartData(data, from);
  const settings = resume
    ? resumedConfig(resume, config)
    : from
      ? startingConfig(from, config)
      : trainConfig(config);
  const run = await prepareRun(data, settings, { resume, from, signal });
  const { sets, splits, task } = run.data;
  const { step, stepConfig, conditionNumber } = run;
  const modelOf = modelMaker(data, settings, run, from);
  const splitHash = splits.hash;
  const clips = recordSplits(splits);
  const bestOf = (state: FitResult["state"]) => (state.best.epoch > 0 ? modelOf(state) : null);
  await options.onStart?.({
    config: settings,
    task,
    splits,
    sets,
    parameterCount: parameterCountOf(run),
    batchSize: stepConfig.batchSize,
    conditionNumber,
    start: run.start,
    unusedClips: data.clips.length - splits.train.length - splits.valid.length - splits.test.length,
    resumedFrom: resume?.state.history.length ?? 0,
    model: resume ? bestOf(resume.state) : null,
  });
  const startedFrom = modelHash(from);
  const checkpointOf = (state: FitResult["state"]): Checkpoint => ({
    state,
    config: { ...settings },
    splitHash,
    clips,
    frontEndHash: data.frontEndHash,
    ...(startedFrom === undefined ? {} : { from: startedFrom }),
  });
  const { state, ended } = await fit({
    step,
    watchedStep: run.watchedStep,
    stepAt: run.stepAt,
    engine,
    batches: run.batches,
    evaluate: (weights) => validate(run, weights, engine),
    epochs: settings.epochs,
    learningRate: settings.learningRate,
    schedule: settings.schedule,
    patience: settings.patience,
    seed: settings.seed,
    resume: resume?.state,
    weights: resume ? undefined : await startWeights(run, data, settings, { from, engine, signal }),
    onStep: options.onStep,
    onEpoch: (record, reached) =>
      options.onEpoch?.(record, {
        isBest: reached.best.epoch === record.epoch,
        checkpoint: checkpointOf(reached),
        model: modelOf(reached),
      }),
    signal,
  });
  const outcome = { task, history: state.history, checkpoint: checkpointOf(state) };
  const best = bestOf(state);
  if (best === null || ended === "interrupted") return { ...outcome, model: best, ended };
  try {
    return { ...outcome, model: await calibrateModel(best, sets, { engine, signal }), ended };
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return { ...outcome, model: best, ended: "interrupted" };
    throw error;
  }
}

const checkpointOption: Check = (setting, value) =>
  checkObject(setting, value, "be a checkpoint", { state: "object", config: "object" });

function parameterCountOf({ stepConfig: { net, inputShape, nLabels, normalization } }: PreparedRun): number {
  const width = normalizedWidth(normalization, inputShape[1]);
  const layers = summarize(net, [inputShape[0], width], nLabels);
  return layers.reduce((sum, { parameterCount }) => sum + parameterCount, 0);
}

/** Returns a function that makes the model of a run's best epoch. */
function modelMaker(
  { frontEnd }: FeatureData,
  config: TrainConfig,
  { data: { sets, splits, task }, start, stepConfig: { normalization } }: PreparedRun,
  from: TrainedModel | undefined,
): (state: FitResult["state"]) => TrainedModel {
  const { seed, validFraction, testFraction, segmentFrames, net } = config;
  const drawn = { seed, validFraction, testFraction, hash: splits.hash };
  const { split, ...clips } = clipFacts(sets, drawn, { task, from: from?.info });
  const outputs = {
    task,
    labels: [...sets.train.labels],
    frontEnd,
    segmentFrames,
    split,
  };
  const origin = {
    config: { ...config },
    ...(from && start ? { start: { model: modelIdentity(from), labels: [...start.labels] } } : {}),
    ...clips,
  };
  return ({ history, best: { epoch, weights } }) => {
    const valid = { ...history[epoch - 1].valid };
    // In the order of a file's record, so that the model that is read from its file is written as the same bytes.
    const info: ModelInfo = { ...outputs, valid, epoch, ...origin };
    return { info, net, weights, normalization };
  };
}

/** Scores the weights on the validation split, and on a sample of the train split. */
async function validate(
  { stepConfig, data: { sets, task }, trainSample }: PreparedRun,
  weights: ReadonlyMap<string, Tensor>,
  engine: Engine,
): Promise<Evaluated> {
  const [segmentFrames] = stepConfig.inputShape;
  const model = buildInferenceModel(stepConfig, weights);
  const options = { engine, task, segmentFrames, resamples: 0 };
  const { scores } = await evaluateNet(model, sets.valid, options);
  const { scores: clean } = await evaluateNet(model, trainSample, options);
  const cleanScore = mainScore(clean);
  const headline = measuresOf(task).filter(({ isHeadline }) => isHeadline);
  const named = Object.fromEntries(headline.map((measure) => [measure.name, measure.of(scores)]));
  return {
    cleanTrainLoss: clean.loss,
    // A few clips of many labels may have no score.
    ...(Number.isFinite(cleanScore) ? { cleanTrainScore: cleanScore } : {}),
    score: mainScore(scores),
    valid: { loss: scores.loss, ...named },
  };
}
