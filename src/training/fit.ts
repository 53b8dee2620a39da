import { type Mistake, UsageError } from "../core/errors.js";
import { Random } from "../core/random.js";
import type { Tensor } from "../core/tensor.js";
import { learningRateFactor, type ScheduleConfig } from "../nn/schedules.js";
import { AVERAGE, initialState, type TrainingStep } from "../nn/training-step.js";
import type { LayerHealth } from "../nn/watch.js";
import type { Engine } from "../runtime/engine.js";
import { FlowMeans } from "./gradient-flow.js";
import { batchFeeds, StepRunner } from "./step-runner.js";

/** Where batches come from; an epoch depends on its number alone. */
export interface BatchSource {
  readonly stepsPerEpoch: number;
  startEpoch(epoch: number): void;
  next(): Promise<{ inputs: Float32Array; targets: Float32Array }>;
}

/** One epoch's record: what `metrics.jsonl` holds a line of. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** At the epoch's last step. */
  readonly learningRate: number;
  /** Mean over the epoch's steps. */
  readonly trainLoss: number;
  /** What training looks at to choose the best epoch; higher is better. */
  readonly score: number;
  readonly valid: Readonly<Record<string, number>>;
  /** Flow of activations and gradients, means over every eighth of the epoch's steps; only of a watched run. */
  readonly layers?: readonly LayerHealth[];
}

/** Everything a run needs to go on to the same bits. */
export interface FitState {
  readonly history: readonly EpochRecord[];
  /** The training step's state by name. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The weights of the best epoch so far, by name. */
  readonly best: { readonly epoch: number; readonly weights: ReadonlyMap<string, Tensor> };
}

/** One step done. */
export interface StepReport {
  readonly epoch: number;
  /** From 1, within the epoch. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly loss: number;
}

/** The watch reads its layers' activations and gradients from memory, which can take a third of a small net's step. */
export const STEPS_PER_WATCH = 8;

/** What `fit` works with. */
export interface FitOptions {
  readonly step: TrainingStep;
  /** The same step, watched: it takes a plain one's place at every eighth step, and gives the same bits. */
  readonly watchedStep?: TrainingStep | null | undefined;
  readonly engine: Engine;
  readonly batches: BatchSource;
  readonly evaluate: (weights: ReadonlyMap<string, Tensor>) => Promise<Pick<EpochRecord, "score" | "valid">>;
  readonly epochs: number;
  readonly learningRate: number;
  readonly schedule: ScheduleConfig;
  /** Stops after so many epochs without a better score; 0 never. */
  readonly patience: number;
  readonly seed: number;
  readonly resume?: FitState | undefined;
  /** Weights to begin with, by name; the others are drawn. @default all are drawn */
  readonly weights?: ReadonlyMap<string, Tensor> | undefined;
  readonly onStep?: ((report: StepReport) => void) | undefined;
  /** May answer "stop": the run ends after this epoch. */
  readonly onEpoch?:
    | ((record: EpochRecord, state: FitState) => EpochAnswer | Promise<EpochAnswer>)
    | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a listener may say to an epoch. */
// biome-ignore lint/suspicious/noConfusingVoidType: a listener that answers nothing is the usual one
export type EpochAnswer = "stop" | undefined | void;

/** How a run ended. */
export interface FitResult {
  readonly state: FitState;
  /** "early-stopped" by `patience`, "stopped" by `onEpoch`, "interrupted" by the signal. */
  readonly ended: "finished" | "early-stopped" | "stopped" | "interrupted";
}

/** What is known of a run when its loss is no longer finite. */
export interface Divergence {
  /** Steps done from the beginning of the run until the loss was seen, this one included. */
  readonly step: number;
  /** The last state whose loss was finite; the first one of a run, or of a resumed one, that diverges at its first step. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What a watched step sees of that state; none of a run that is not watched. */
  readonly layers: readonly LayerHealth[];
}

/** A run whose loss is no longer finite. */
export class DivergedError extends UsageError {
  readonly divergence: Divergence;

  constructor(mistake: Mistake, divergence: Divergence) {
    super(mistake);
    this.divergence = divergence;
  }
}

/** The weights to predict with, by name: the averaged ones where the step keeps an average. */
export function predictionWeights(
  { weightNames }: Pick<TrainingStep, "weightNames">,
  tensors: ReadonlyMap<string, Tensor>,
): Map<string, Tensor> {
  return new Map(weightNames.map((name) => [name, tensors.get(AVERAGE + name) ?? tensors.get(name)!]));
}

const best = (history: readonly EpochRecord[]) => history.reduce((a, b) => (b.score > a.score ? b : a)).epoch;

/**
 * Trains epoch by epoch and keeps the weights of the best one.
 *
 * All randomness comes from the seed and the number of the epoch or the step, so a run that stops after an epoch and is
 * resumed gives the same bits as one that never stopped. An interrupted epoch is lost.
 * @throws DivergedError when a loss is not finite; the state of the last whole epoch is what `onEpoch` saw
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { step, watchedStep, engine, epochs, seed, signal } = options;
  const random = new Random(seed);
  let tensors = options.resume?.tensors ?? firstState(options, random.fork("weights"));
  let state: FitState = options.resume ?? { history: [], tensors, best: { epoch: 0, weights: new Map() } };
  const isWaitedOut = () =>
    options.patience > 0 &&
    state.history.length - state.best.epoch >= options.patience &&
    state.best.epoch > 0;
  if (isWaitedOut()) return { state, ended: "early-stopped" };
  const runner = await StepRunner.open(engine, step, watchedStep);
  runner.load(tensors);
  try {
    for (let epoch = state.history.length + 1; epoch <= epochs; epoch++) {
      const trained = await trainEpoch(runner, options, { epoch, state, random });
      if (trained === null) return { state, ended: "interrupted" };
      tensors = runner.read();
      const weights = predictionWeights(step, tensors);
      const { score, valid } = await options.evaluate(weights);
      await checkFinite(valid, runner, trained, { epoch, step: epoch * options.batches.stepsPerEpoch });
      const { learningRate, loss: trainLoss, layers } = trained;
      const watched = layers.length > 0 ? { layers } : {};
      const record = { epoch, learningRate, trainLoss, score, valid, ...watched };
      const history = [...state.history, record];
      const isBest = best(history) === epoch;
      state = { history, tensors, best: isBest ? { epoch, weights } : state.best };
      const answer = await options.onEpoch?.(record, state);
      if (isWaitedOut()) return { state, ended: "early-stopped" };
      if (answer === "stop") return { state, ended: "stopped" };
      if (signal?.aborted && epoch < epochs) return { state, ended: "interrupted" };
    }
  } finally {
    await runner.close();
  }
  return { state, ended: "finished" };
}

/** The initial state; given weights take the place of drawn ones. */
function firstState({ step, weights }: FitOptions, random: Random): ReadonlyMap<string, Tensor> {
  return new Map([...initialState(step, random), ...(weights ?? [])]);
}

/** The weights after an epoch's last step show in no loss but the validation split's. */
async function checkFinite(
  valid: EpochRecord["valid"],
  runner: StepRunner,
  { learningRate, layers }: TrainedEpoch,
  { epoch, step }: { epoch: number; step: number },
): Promise<void> {
  const found = Object.entries(valid).find(([, value]) => !Number.isFinite(value));
  if (found === undefined) return;
  const { state: tensors } = await runner.lookBack();
  throw new DivergedError(
    tooHigh(`a validation ${found[0]} of ${found[1]} after epoch ${epoch}, at a rate of ${learningRate}`),
    { step, tensors, layers },
  );
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

/** One epoch's steps; null when stopped in between. */
async function trainEpoch(
  runner: StepRunner,
  options: FitOptions,
  run: { epoch: number; state: FitState; random: Random },
): Promise<TrainedEpoch | null> {
  const { step, watchedStep, batches, epochs, schedule } = options;
  const { stepsPerEpoch } = batches;
  const scores = run.state.history.map(({ score }) => score);
  const flow = new FlowMeans();
  batches.startEpoch(run.epoch);
  const before = (run.epoch - 1) * stepsPerEpoch;
  const rateAt = (index: number): number => {
    // The middle of the step, so that neither the first nor the last has rate 0.
    const progress = (before + index + 0.5) / (epochs * stepsPerEpoch);
    return options.learningRate * learningRateFactor(schedule, progress, scores);
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
