import { type Mistake, UsageError } from "../core/errors.js";
import { Random } from "../core/random.js";
import type { Tensor } from "../core/tensor.js";
import { isBetter, learningRateFactor, type ScheduleConfig } from "../nn/schedules.js";
import { AVERAGE, initialState, type TrainingStep } from "../nn/training-step.js";
import type { LayerHealth } from "../nn/watch.js";
import type { Engine } from "../runtime/engine.js";
import { FlowMeans } from "./gradient-flow.js";
import { batchFeeds, StepRunner } from "./step-runner.js";

/** Source of batches; the batches of an epoch depend only on its number. */
export interface BatchSource {
  readonly stepsPerEpoch: number;
  startEpoch(epoch: number): void;
  next(): Promise<{ inputs: Float32Array; targets: Float32Array }>;
}

/** Record of one epoch, and a line of `metrics.jsonl`. */
export interface EpochRecord {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Learning rate of the epoch's last step. */
  readonly learningRate: number;
  /** Mean loss over the epoch's steps, in training mode: with augmentation, dropout, label smoothing and changing weights. */
  readonly trainLoss: number;
  /**
   * Loss after the epoch on a fixed sample of the training clips, computed as the validation loss is: it differs from
   * `trainLoss` by the training mode, and from the validation loss by the clips. Earlier versions did not record it.
   */
  readonly cleanTrainLoss?: number;
  /** The score of the same clips, computed as the validation score is; missing if there is none. */
  readonly cleanTrainScore?: number;
  /** Validation score that chooses the best epoch; higher is better. Among equal scores, the lowest loss does. */
  readonly score: number;
  /** Validation scores by name. */
  readonly valid: { readonly loss: number } & Readonly<Record<string, number>>;
  /** Layer statistics, means over every eighth step of the epoch; only if the run records them. */
  readonly layers?: readonly LayerHealth[];
}

/** The part of an epoch's record that `evaluate` finds. */
export type Evaluated = Pick<EpochRecord, "score" | "valid" | "cleanTrainLoss" | "cleanTrainScore">;

/** Everything a run needs to continue with the same bits. */
export interface FitState {
  readonly history: readonly EpochRecord[];
  /** State of the training step, and the tensors that it leaves as they are, by name. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The weights of the best epoch so far, by name. */
  readonly best: { readonly epoch: number; readonly weights: ReadonlyMap<string, Tensor> };
}

/** A step that was done. */
export interface StepReport {
  readonly epoch: number;
  /** Number of the step within the epoch, from 1. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly loss: number;
}

/** Only every eighth step records layer statistics: reading them can take a third of a small net's step. */
export const STEPS_PER_WATCH = 8;

/** The training step of some epochs; see `FitOptions`. */
export type EpochStep = Pick<FitOptions, "step" | "watchedStep">;

/** Options of `fit`. */
export interface FitOptions {
  /** The step of the first epoch, or of the last that `resume` holds; without `stepAt`, of every epoch. */
  readonly step: TrainingStep;
  /** The same step with layer statistics. It replaces the plain one at every eighth step and gives the same bits. */
  readonly watchedStep?: TrainingStep | null | undefined;
  /**
   * Returns the step of an epoch, the same object as long as it does not change. Where it changes, the weights go on, and
   * the optimizer and the averages start anew. @default `step` in every epoch
   */
  readonly stepAt?: ((epoch: number, weights: ReadonlyMap<string, Tensor>) => EpochStep) | undefined;
  readonly engine: Engine;
  readonly batches: BatchSource;
  readonly evaluate: (weights: ReadonlyMap<string, Tensor>) => Promise<Evaluated>;
  readonly epochs: number;
  readonly learningRate: number;
  readonly schedule: ScheduleConfig;
  /** Number of epochs without a better one after which training stops; 0 for never. */
  readonly patience: number;
  readonly seed: number;
  readonly resume?: FitState | undefined;
  /** Weights to start with, by name; the others are drawn. @default all are drawn */
  readonly weights?: ReadonlyMap<string, Tensor> | undefined;
  readonly onStep?: ((report: StepReport) => void) | undefined;
  /** May return "stop" to end the run after this epoch. */
  readonly onEpoch?:
    | ((record: EpochRecord, state: FitState) => EpochAnswer | Promise<EpochAnswer>)
    | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Return value of a listener to epochs. */
// biome-ignore lint/suspicious/noConfusingVoidType: most listeners return nothing
export type EpochAnswer = "stop" | undefined | void;

/** State of a run at its end, and how it ended. */
export interface FitResult {
  readonly state: FitState;
  /** "early-stopped" by `patience`, "stopped" by `onEpoch`, "interrupted" by the signal. */
  readonly ended: "finished" | "early-stopped" | "stopped" | "interrupted";
}

/** State of a run whose loss is no longer finite. */
export interface Divergence {
  /** Number of steps from the start of the run up to and including the one that gave the loss. */
  readonly step: number;
  /** The last state whose loss was finite; the state it started from if the run diverges at its first step. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Layer statistics of that state; empty if the run does not record them. */
  readonly layers: readonly LayerHealth[];
}

/**
 * Error of a run whose loss is no longer finite.
 * @example
 * import { DivergedError, featuresInMemory, frontEnd, netConfig, nodeEngine, OPTIMIZERS, trainModel } from "timbrel";
 *
 * const clips = Array.from({ length: 12 }, (_, i) => {
 *   const features = { shape: [4, 1], data: new Float32Array(4).fill(i) };
 *   return { name: `${i}`, labels: [i % 2 === 0 ? "bass" : "flute"], features };
 * });
 * const data = featuresInMemory(frontEnd({ nMels: 1 }), clips);
 * const net = netConfig({ kind: "mlp", units: [4], batchNorm: null });
 * const config = { net, segmentFrames: 4, epochs: 3, ...OPTIMIZERS.sgd, learningRate: 1e30 };
 * const error = await trainModel(data, config, { engine: nodeEngine() }).catch((reason) => reason);
 * console.log(error instanceof DivergedError); // -> true
 */
export class DivergedError extends UsageError {
  readonly divergence: Divergence;

  constructor(mistake: Mistake, divergence: Divergence) {
    super(mistake);
    this.divergence = divergence;
  }
}

/** Returns the weights to predict with, by name: the averaged ones if the step keeps an average. */
export function predictionWeights(
  { weightNames }: Pick<TrainingStep, "weightNames">,
  tensors: ReadonlyMap<string, Tensor>,
): Map<string, Tensor> {
  return new Map(weightNames.map((name) => [name, tensors.get(AVERAGE + name) ?? tensors.get(name)!]));
}

const scoreOf = ({ score, valid: { loss } }: EpochRecord) => ({ score, loss });

/**
 * Trains epoch by epoch and keeps the weights of the best one.
 *
 * All randomness comes from the seed and the number of the epoch or the step, so a run that stops after an epoch and is
 * resumed gives the same bits as one that never stopped. An interrupted epoch is lost.
 * @throws DivergedError if a loss is not finite; `onEpoch` was called with the state of the last complete epoch
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { engine, epochs, seed } = options;
  const random = new Random(seed);
  let { step, watchedStep }: EpochStep = options;
  let tensors = options.resume?.tensors ?? startState(step, options.weights, random.fork("weights"));
  let state: FitState = options.resume ?? { history: [], tensors, best: { epoch: 0, weights: new Map() } };
  const hasRunOutOfPatience = () =>
    options.patience > 0 && state.history.length - state.best.epoch >= options.patience;
  if (hasRunOutOfPatience()) return { state, ended: "early-stopped" };
  let runner: StepRunner | undefined;
  try {
    for (let epoch = state.history.length + 1; epoch <= epochs; epoch++) {
      const next = options.stepAt?.(epoch, tensors) ?? { step, watchedStep };
      if (next.step !== step) tensors = startState(next.step, tensors, random.fork("weights"));
      if (runner === undefined || next.step !== step) {
        await runner?.close();
        ({ step, watchedStep } = next);
        runner = await StepRunner.open(engine, step, watchedStep);
        runner.load(tensors);
      }
      const trained = await trainEpoch(runner, options, { epoch, state, random });
      if (trained === null) return { state, ended: "interrupted" };
      tensors = await runner.read();
      const weights = predictionWeights(step, tensors);
      const evaluated = await options.evaluate(weights);
      await checkFinite(evaluated, runner, trained, { epoch, step: epoch * options.batches.stepsPerEpoch });
      const { learningRate, loss: trainLoss, layers } = trained;
      const watched = layers.length > 0 ? { layers } : {};
      const record = { epoch, learningRate, trainLoss, ...evaluated, ...watched };
      const history = [...state.history, record];
      const best = state.history.at(state.best.epoch - 1);
      const isBest = best === undefined || isBetter(scoreOf(record), scoreOf(best));
      state = { history, tensors, best: isBest ? { epoch, weights } : state.best };
      const answer = await options.onEpoch?.(record, state);
      if (hasRunOutOfPatience()) return { state, ended: "early-stopped" };
      if (answer === "stop") return { state, ended: "stopped" };
    }
  } finally {
    await runner?.close();
  }
  return { state, ended: "finished" };
}

/**
 * Returns a step's initial state, and the tensors that it leaves as they are.
 * @param weights tensors of the net, which replace drawn ones; others are ignored
 */
export function startState(
  step: TrainingStep,
  weights: ReadonlyMap<string, Tensor> = new Map(),
  random: Random,
): ReadonlyMap<string, Tensor> {
  const given = step.weightNames.flatMap((name) => {
    const tensor = weights.get(name);
    return tensor === undefined ? [] : [[name, tensor] as const];
  });
  return new Map([...step.fixed, ...initialState(step, random), ...given]);
}

/** Throws if a score is not finite: only these show the weights after an epoch's last step. */
async function checkFinite(
  { valid, cleanTrainLoss = 0 }: Evaluated,
  runner: StepRunner,
  { learningRate, layers }: TrainedEpoch,
  { epoch, step }: { epoch: number; step: number },
): Promise<void> {
  const wrong = Object.entries(valid).find(([, value]) => !Number.isFinite(value));
  const found = Number.isFinite(cleanTrainLoss) ? undefined : `a loss of ${cleanTrainLoss} on training clips`;
  const what = wrong === undefined ? found : `a validation ${wrong[0]} of ${wrong[1]}`;
  if (what === undefined) return;
  const { state: tensors } = await runner.lookBack();
  throw new DivergedError(tooHigh(`${what} after epoch ${epoch}, at a rate of ${learningRate}`), {
    step,
    tensors,
    layers,
  });
}

/** @param got the loss or score that is not finite, and where */
function tooHigh(got: string): Mistake {
  return { setting: "learningRate", rule: "keep the loss finite", got, remedy: "use a smaller one" };
}

interface TrainedEpoch {
  readonly loss: number;
  /** Learning rate of the last step. */
  readonly learningRate: number;
  readonly layers: readonly LayerHealth[];
}

/** Trains for one epoch; returns null if stopped before its end. */
async function trainEpoch(
  runner: StepRunner,
  options: FitOptions,
  run: { epoch: number; state: FitState; random: Random },
): Promise<TrainedEpoch | null> {
  const { step, watchedStep, batches, epochs, schedule } = options;
  const { stepsPerEpoch } = batches;
  const done = run.state.history.map(scoreOf);
  const flow = new FlowMeans();
  batches.startEpoch(run.epoch);
  const before = (run.epoch - 1) * stepsPerEpoch;
  const rateAt = (index: number): number => {
    // The middle of the step, so that neither the first nor the last has rate 0.
    const progress = (before + index + 0.5) / (epochs * stepsPerEpoch);
    return options.learningRate * learningRateFactor(schedule, progress, done);
  };
  let total = 0;
  for (let index = 0; index < stepsPerEpoch; index++) {
    if (options.signal?.aborted) return null;
    const { loss, layers } = await runner.run(batchFeeds(step, await batches.next()), {
      learningRate: rateAt(index),
      random: run.random.fork(`step ${before + index}`),
      watch: Boolean(watchedStep) && index % STEPS_PER_WATCH === 0,
    });
    if (!Number.isFinite(loss)) {
      const { state: tensors, layers } = await runner.lookBack();
      throw new DivergedError(
        tooHigh(`a loss of ${loss} at epoch ${run.epoch}, step ${index + 1}, at a rate of ${rateAt(index)}`),
        { step: before + index + 1, tensors, layers },
      );
    }
    total += loss;
    if (layers !== null) flow.add(layers);
    options.onStep?.({ epoch: run.epoch, step: index + 1, stepsPerEpoch, loss });
  }
  const learningRate = rateAt(stepsPerEpoch - 1);
  return { loss: total / stepsPerEpoch, learningRate, layers: flow.means() };
}
