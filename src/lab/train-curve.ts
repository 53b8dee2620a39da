import type { Tensor } from "../core/tensor.js";
import { TrainSampler } from "../dataset/batches.js";
import type { FeatureSet } from "../dataset/feature-set.js";
import { evaluateNet } from "../evaluation/evaluate.js";
import { mainScore } from "../evaluation/measures.js";
import type { SegmentNetConfig } from "../nn/architectures.js";
import { buildInferenceModel } from "../nn/inference.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import type { OptimizerConfig } from "../nn/optimizers.js";
import { buildTrainingStep, type TrainingStepConfig } from "../nn/training-step.js";
import type { LayerHealth } from "../nn/watch.js";
import type { Engine } from "../runtime/engine.js";
import { type BatchSource, DivergedError, fit } from "../training/fit.js";
import type { LabBench } from "./bench.js";
import type { CurvePoint } from "./results.js";

/** One training run of a comparison. */
export interface TrainCurveOptions {
  readonly net: SegmentNetConfig;
  readonly normalization: InputNormalization;
  readonly optimizer: OptimizerConfig;
  /** Learning rate of every step. */
  readonly learningRate: number;
  /** A multiple of `points`. */
  readonly steps: number;
  /** How often the net is scored on the validation clips, at least 1. */
  readonly points: number;
  /** Seed of the weights and the batches. @default the bench's seed */
  readonly seed?: number;
  /** @default false */
  readonly watch?: boolean;
  /** Steps by which one training step advances the bench. @default 1 */
  readonly stepCost?: number;
}

/** The course of a training run. */
export interface TrainCurve {
  /** One point every `steps / points` steps; if the run diverged, only the points before. */
  readonly curve: readonly CurvePoint[];
  readonly divergedAt: number | null;
  /** Layer statistics at each point of the curve, means over the steps before it; empty unless `watch` is set. */
  readonly layers: readonly (readonly LayerHealth[])[];
  /** State after the last step of finite loss: weights and moving averages, by name. */
  readonly weights: ReadonlyMap<string, Tensor>;
}

/**
 * Trains a net for one of the lab's comparisons: balanced batches of plain segments, no label smoothing, no
 * augmentation, no averaged weights. Runs with the same bench and seed see the same batches, and layers that their nets
 * have in common start from the same weights.
 */
export async function trainCurve(bench: LabBench, options: TrainCurveOptions): Promise<TrainCurve> {
  const { steps, points, learningRate, seed = bench.seed } = options;
  const { signal } = bench;
  const config = stepConfigOf(bench, options);
  const stepsPerPoint = steps / points;
  const curve: CurvePoint[] = [];
  const layers: (readonly LayerHealth[])[] = [];
  const run = fit({
    step: buildTrainingStep(config),
    watchedStep: options.watch === true ? buildTrainingStep({ ...config, watch: true }) : null,
    engine: engineFor(options.net, bench),
    batches: batchesOf(bench, seed, stepsPerPoint),
    evaluate: async (weights) => {
      const { score, loss } = await evaluateOn(bench, bench.valid, { ...options, weights });
      return { score, valid: { loss } };
    },
    epochs: points,
    learningRate,
    schedule: { kind: "constant" },
    patience: 0,
    seed,
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
    return { curve, divergedAt: error.divergence.step, layers, weights: error.divergence.tensors };
  }
}

/**
 * `trainCurve` of every run, one after the other: the engine works on JavaScript's own thread, so running several at a
 * time would be no faster.
 */
export async function trainCurves(
  bench: LabBench,
  runs: readonly TrainCurveOptions[],
): Promise<TrainCurve[]> {
  const curves: TrainCurve[] = [];
  for (const run of runs) curves.push(await trainCurve(bench, run));
  return curves;
}

/** With two threads, a step of a 2-D net takes a third less time, but a step of the lab's other nets takes more. */
function engineFor({ kind }: SegmentNetConfig, { engine, smallEngine }: LabBench): Engine {
  return kind === "vgg" ? engine : smallEngine;
}

/** Measures the score and the loss of a trained net on a set. */
export async function evaluateOn(
  bench: LabBench,
  set: FeatureSet,
  trained: Pick<TrainCurveOptions, "net" | "normalization"> & Pick<TrainCurve, "weights">,
): Promise<{ score: number; loss: number }> {
  const { task, labels, inputShape } = bench;
  const { net, normalization, weights } = trained;
  const model = buildInferenceModel(
    { net, task, nLabels: labels.length, inputShape, normalization },
    weights,
  );
  const settings = { engine: engineFor(net, bench), task, segmentFrames: inputShape[0], resamples: 0 };
  const { scores } = await evaluateNet(model, set, settings);
  return { score: mainScore(scores), loss: scores.loss };
}

function stepConfigOf(
  { sets: { train }, task, labels, inputShape, batchSize }: LabBench,
  { net, normalization, optimizer }: Pick<TrainCurveOptions, "net" | "normalization" | "optimizer">,
): TrainingStepConfig {
  const isMasked = train.lacksTargets;
  return { net, task, nLabels: labels.length, inputShape, batchSize, normalization, isMasked, optimizer };
}

/** One stream of batches, the same for any number of points. */
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
