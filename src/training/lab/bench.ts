import { availableParallelism } from "node:os";
import { checkInteger } from "../../core/check.js";
import { Random } from "../../core/random.js";
import type { Tensor } from "../../core/tensor.js";
import { TrainSampler } from "../../dataset/batches.js";
import { type Covariance, fitCovariance } from "../../dataset/covariance.js";
import { type FeatureSet, featureSets } from "../../dataset/feature-set.js";
import type { ClipSplits } from "../../dataset/splits.js";
import type { FeatureStore, StoredClip } from "../../dataset/store.js";
import type { SegmentNetConfig } from "../../nn/architectures.js";
import { buildInferenceModel } from "../../nn/inference.js";
import type { InputNormalization } from "../../nn/input-normalization.js";
import type { OptimizerConfig } from "../../nn/optimizers.js";
import type { ScheduleConfig } from "../../nn/schedules.js";
import { buildTrainingStep, type Task, type TrainingStepConfig } from "../../nn/training-step.js";
import type { LayerHealth } from "../../nn/watch.js";
import { Session } from "../../runtime/session.js";
import { trainConfig } from "../config.js";
import { evaluateNet, mainScore } from "../evaluate.js";
import { type BatchSource, DivergedError, fit } from "../fit.js";
import { runData } from "../run-data.js";
import type { CurvePoint } from "./results.js";

/** Length of the segments that the lab's nets read [frames]. */
const SEGMENT_FRAMES = 32;
const BATCH_SIZE = 32;
/** Four max pools halve the bands. */
const MIN_BANDS = 16;
/** Few clips make smaller batches, as in training. */
const MIN_STEPS = 4;
/** Clips of the valid split that a curve's points are scored on. */
const VALID_CLIPS = { quick: 400, full: 1000 };

/** What all sections of the lab work on: the user's data, and how they are to work. */
export interface LabBench {
  readonly store: FeatureStore;
  readonly splits: ClipSplits;
  readonly sets: ReturnType<typeof featureSets>;
  /** The clips of the valid split that curves are scored on: a fixed share of every label. */
  readonly valid: FeatureSet<"valid">;
  /** Of all frames of the train split, for the normalizations: it takes seconds, so the sections share it. */
  readonly covariance: Covariance;
  readonly task: Task;
  readonly labels: readonly string[];
  /** [segmentFrames, nMels] */
  readonly inputShape: readonly [segmentFrames: number, nMels: number];
  readonly batchSize: number;
  readonly seed: number;
  readonly isQuick: boolean;
  /** How many runs are trained at a time, each by one thread, so that no number depends on how many. */
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
  /** Tells that so many training steps of a small net, or work of their length, are done. */
  advance(nSteps: number): void;
}

/** A section of the lab, of its work known beforehand. */
export interface LabSection<Result> {
  /** How far the section will advance the bench; less where a run diverges. */
  budget(isQuick: boolean): number;
  run(bench: LabBench): Promise<Result>;
}

/**
 * The bench of a store, its clips split as `train` splits them.
 * @throws UsageError if the store has nothing to train on or to choose by, or too few mel bands for the lab's nets
 */
export function labBench(
  store: FeatureStore,
  options: {
    seed: number;
    isQuick: boolean;
    threads?: number | undefined;
    signal?: AbortSignal | undefined;
    advance?: (nSteps: number) => void;
  },
): LabBench {
  const { seed, isQuick, threads = availableParallelism(), signal, advance = () => {} } = options;
  const { splits, sets, task } = runData(store, trainConfig({ seed }), null);
  const { labels, nMels, clips } = sets.train;
  checkInteger(`lab: nMels of ${store.dir}`, nMels, { min: MIN_BANDS });
  const valid = stratified(splits.valid, VALID_CLIPS[isQuick ? "quick" : "full"], seed);
  return {
    store,
    splits,
    sets,
    valid: featureSets(store, { ...splits, valid }, labels).valid,
    covariance: fitCovariance(sets.train, { signal }),
    task,
    labels,
    inputShape: [SEGMENT_FRAMES, nMels],
    batchSize: Math.min(BATCH_SIZE, Math.max(2, Math.floor(clips.length / MIN_STEPS))),
    seed,
    isQuick,
    threads,
    signal,
    advance,
  };
}

/** `nClips` of the clips, of every label (or set of labels) its share; all where there are no more. */
export function stratified<Clip extends Pick<StoredClip, "labels">>(
  clips: readonly Clip[],
  nClips: number,
  seed: number,
): Clip[] {
  const key = ({ labels }: Clip) => [...labels].sort().join("\n");
  const shuffled = new Random(`${seed}/lab valid`).shuffle(clips);
  const keys = [...new Set(clips.map(key))].sort();
  const byLabel = keys.flatMap((each) => shuffled.filter((clip) => key(clip) === each));
  const nTaken = Math.min(nClips, clips.length);
  return Array.from({ length: nTaken }, (_, i) => byLabel[Math.floor(((i + 0.5) * clips.length) / nTaken)]);
}

/** One training run of a comparison. */
export interface TrainCurveOptions {
  readonly net: SegmentNetConfig;
  readonly normalization: InputNormalization;
  readonly optimizer: OptimizerConfig;
  readonly learningRate: number;
  /** @default constant */
  readonly schedule?: ScheduleConfig;
  /** A multiple of `points`. */
  readonly steps: number;
  /** How often the net is scored on the valid clips, at least 1. */
  readonly points: number;
  /** Seed of the weights and the batches. @default the bench's */
  readonly seed?: number;
  /** @default false */
  readonly watch?: boolean;
  /** How far a step advances the bench. @default 1 */
  readonly stepCost?: number;
}

/** A training run's course. */
export interface TrainCurve {
  /** A point after every `steps / points` steps; of a run that diverged those before. */
  readonly curve: readonly CurvePoint[];
  readonly divergedAt: number | null;
  /** Of a watched run the flow through the layers, means over the steps before each point of the curve. */
  readonly layers: readonly (readonly LayerHealth[])[];
  /** The training step's last state of finite loss: weights and moving averages by name. */
  readonly weights: ReadonlyMap<string, Tensor>;
}

/**
 * Trains a net as the lab's comparisons do: balanced batches of plain segments, labels as they are, no augmentation, no
 * averaged weights. Runs of one bench and seed see the same batches, and start from the same weights where their nets
 * have the same layers.
 */
export async function trainCurve(bench: LabBench, options: TrainCurveOptions): Promise<TrainCurve> {
  const { steps, points, learningRate, schedule = { kind: "constant" }, seed = bench.seed } = options;
  const { signal } = bench;
  const config = stepConfigOf(bench, options);
  const stepsPerPoint = steps / points;
  const curve: CurvePoint[] = [];
  const layers: (readonly LayerHealth[])[] = [];
  const run = fit({
    step: buildTrainingStep(config),
    inputShape: config.inputShape,
    nLabels: config.nLabels,
    batches: batchesOf(bench, seed, stepsPerPoint),
    evaluate: async (weights) => {
      const { score, loss } = await evaluateOn(bench, bench.valid, { ...options, weights });
      return { score, valid: { loss } };
    },
    epochs: points,
    learningRate,
    schedule,
    patience: 0,
    seed,
    threads: 1,
    signal,
    onStep: () => bench.advance(options.stepCost ?? 1),
    onEpoch: (record) => {
      const { epoch, trainLoss, score, valid } = record;
      curve.push({ step: epoch * stepsPerPoint, trainLoss, validLoss: valid["loss"], score });
      if (record.layers !== undefined) layers.push(record.layers);
    },
  });
  try {
    const { state } = await run;
    signal?.throwIfAborted();
    return { curve, divergedAt: null, layers, weights: state.tensors };
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    return { curve, divergedAt: error.step, layers, weights: error.tensors };
  }
}

/** `trainCurve` of every run, several at a time. */
export async function trainCurves(
  bench: LabBench,
  runs: readonly TrainCurveOptions[],
): Promise<TrainCurve[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(bench.signal === undefined ? [] : [bench.signal])]);
  const curves: TrainCurve[] = [];
  const waiting = [...runs.entries()];
  const lane = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift())
      curves[job[0]] = await trainCurve({ ...bench, signal }, job[1]);
  };
  const lanes = Array.from({ length: bench.threads }, lane);
  try {
    await Promise.all(lanes);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(lanes);
    throw error;
  }
  return curves;
}

/** Score and loss of a trained net on a set. */
export async function evaluateOn(
  { task, labels, inputShape }: LabBench,
  set: FeatureSet,
  trained: Pick<TrainCurveOptions, "net" | "normalization"> & Pick<TrainCurve, "weights">,
): Promise<{ score: number; loss: number }> {
  const { net, normalization, weights } = trained;
  const model = buildInferenceModel(
    { net, task, nLabels: labels.length, inputShape, normalization },
    weights,
  );
  const session = await Session.open(model, { threads: 1 });
  const scores = await evaluateNet(session, set, { task, segmentFrames: inputShape[0], resamples: 1 });
  await session.close();
  return { score: mainScore(scores), loss: scores.loss };
}

function stepConfigOf(
  { task, labels, inputShape, batchSize }: LabBench,
  {
    net,
    normalization,
    optimizer,
    watch = false,
  }: Pick<TrainCurveOptions, "net" | "normalization" | "optimizer" | "watch">,
): TrainingStepConfig {
  return { net, task, nLabels: labels.length, inputShape, batchSize, normalization, optimizer, watch };
}

/** One stream of batches, whatever the number of points it is cut into. */
function batchesOf(
  { sets, batchSize, inputShape }: LabBench,
  seed: number,
  stepsPerPoint: number,
): BatchSource {
  const segmentFrames = inputShape[0];
  const sampler = new TrainSampler(sets.train, { batchSize, segmentFrames, seed, balance: true });
  return {
    stepsPerEpoch: stepsPerPoint,
    startEpoch: (epoch) => {
      if (epoch === 1) sampler.startEpoch(1);
    },
    next: () => sampler.next(),
  };
}
