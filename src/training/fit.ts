import { UsageError } from "../core/errors.js";
import { Random } from "../core/random.js";
import type { Tensor } from "../core/tensor.js";
import { learningRateFactor, type ScheduleConfig } from "../nn/schedules.js";
import { AVERAGE, initialState, type TrainingStep } from "../nn/training-step.js";
import { type LayerHealth, readWatch } from "../nn/watch.js";
import { Session } from "../runtime/session.js";
import { FlowMeans } from "./gradient-flow.js";
import { stepFeeds } from "./step-feeds.js";

/** Where batches come from; an epoch depends on its number alone. */
export interface BatchSource {
  readonly stepsPerEpoch: number;
  startEpoch(epoch: number): void;
  next(): { inputs: Float32Array; targets: Float32Array };
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
  readonly inputShape: readonly number[];
  readonly nLabels: number;
  readonly batches: BatchSource;
  readonly evaluate: (weights: ReadonlyMap<string, Tensor>) => Promise<Pick<EpochRecord, "score" | "valid">>;
  readonly epochs: number;
  readonly learningRate: number;
  readonly schedule: ScheduleConfig;
  /** Stops after so many epochs without a better score; 0 never. */
  readonly patience: number;
  readonly seed: number;
  readonly resume?: FitState | undefined;
  readonly threads?: number | undefined;
  readonly onStep?: ((report: StepReport) => void) | undefined;
  readonly onEpoch?: ((record: EpochRecord, state: FitState) => void | Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How a run ended. */
export interface FitResult {
  readonly state: FitState;
  readonly ended: "finished" | "early-stopped" | "interrupted";
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

  constructor(message: string, divergence: Divergence) {
    super(message);
    this.divergence = divergence;
  }
}

/** The weights to predict with: the averaged ones where the step keeps an average. */
export function predictionWeights(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const averaged = [...tensors].filter(([name]) => name.startsWith(AVERAGE));
  return averaged.length > 0
    ? new Map(averaged.map(([name, tensor]) => [name.slice(AVERAGE.length), tensor]))
    : new Map(tensors);
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
  const { step, epochs, seed, signal } = options;
  const random = new Random(seed);
  let tensors = new Map(options.resume?.tensors ?? initialState(step, random.fork("weights")));
  let state: FitState = options.resume ?? { history: [], tensors, best: { epoch: 0, weights: new Map() } };
  const isWaitedOut = () =>
    options.patience > 0 &&
    state.history.length - state.best.epoch >= options.patience &&
    state.best.epoch > 0;
  if (isWaitedOut()) return { state, ended: "early-stopped" };
  const sessions = await openSessions(options);
  let before: StepInput | null = null;
  try {
    for (let epoch = state.history.length + 1; epoch <= epochs; epoch++) {
      const trained = await trainEpoch(sessions, options, { epoch, tensors, state, random, before });
      if (trained === null) return { state, ended: "interrupted" };
      ({ tensors, before } = trained);
      const weights = predictionWeights(tensors);
      const { score, valid } = await options.evaluate(weights);
      checkFinite(valid, trained, { epoch, step: epoch * options.batches.stepsPerEpoch });
      const { learningRate, loss: trainLoss, layers } = trained;
      const watched = layers.length > 0 ? { layers } : {};
      const record = { epoch, learningRate, trainLoss, score, valid, ...watched };
      const history = [...state.history, record];
      const isBest = best(history) === epoch;
      state = { history, tensors, best: isBest ? { epoch, weights } : state.best };
      await options.onEpoch?.(record, state);
      if (isWaitedOut()) return { state, ended: "early-stopped" };
      if (signal?.aborted && epoch < epochs) return { state, ended: "interrupted" };
    }
  } finally {
    await sessions.plain.close();
    await sessions.watched?.close();
  }
  return { state, ended: "finished" };
}

interface Sessions {
  readonly plain: Session;
  readonly watched: Session | null;
}

async function openSessions({ step, watchedStep, threads }: FitOptions): Promise<Sessions> {
  const plain = await Session.open(step.model, { threads });
  return { plain, watched: watchedStep ? await Session.open(watchedStep.model, { threads }) : null };
}

/** The weights after an epoch's last step are judged by no loss but the valid split's. */
function checkFinite(
  valid: EpochRecord["valid"],
  { learningRate, before: { tensors }, layers }: TrainedEpoch,
  { epoch, step }: { epoch: number; step: number },
): void {
  const found = Object.entries(valid).find(([, value]) => !Number.isFinite(value));
  if (found !== undefined)
    throw new DivergedError(
      `fit: valid ${found[0]} must stay finite, got ${found[1]} after epoch ${epoch}; use a smaller learning rate (now ${learningRate})`,
      { step, tensors, layers },
    );
}

/** A step's state, and all that the step reads. */
interface StepInput {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly feeds: Record<string, Tensor>;
}

interface TrainedEpoch {
  readonly tensors: Map<string, Tensor>;
  /** Of the last step. */
  readonly before: StepInput;
  readonly loss: number;
  readonly learningRate: number;
  readonly layers: readonly LayerHealth[];
}

/** One epoch's steps; null when stopped in between. */
async function trainEpoch(
  { plain, watched }: Sessions,
  options: FitOptions,
  run: {
    epoch: number;
    tensors: Map<string, Tensor>;
    state: FitState;
    random: Random;
    before: StepInput | null;
  },
): Promise<TrainedEpoch | null> {
  const { step, batches, inputShape, nLabels, epochs } = options;
  const { stepsPerEpoch } = batches;
  const scores = run.state.history.map(({ score }) => score);
  const flow = new FlowMeans();
  const layersOf = (results: Record<string, Tensor>) =>
    readWatch(options.watchedStep!.watched, results["watch"]);
  batches.startEpoch(run.epoch);
  const rateAt = (index: number): number => {
    // The middle of the step, so that neither the first nor the last has rate 0.
    const done = (run.epoch - 1) * stepsPerEpoch + index + 0.5;
    return (
      options.learningRate * learningRateFactor(options.schedule, done / (epochs * stepsPerEpoch), scores)
    );
  };
  const feedsOf = (index: number, tensors: ReadonlyMap<string, Tensor>): Record<string, Tensor> => {
    const random = run.random.fork(`step ${(run.epoch - 1) * stepsPerEpoch + index}`);
    const learningRate = rateAt(index);
    return {
      ...stepFeeds(step, batches.next(), { inputShape, nLabels, learningRate, random }),
      ...Object.fromEntries(tensors),
    };
  };
  let { tensors, before } = run;
  let total = 0;
  for (let index = 0; index < stepsPerEpoch; index++) {
    if (options.signal?.aborted) return null;
    const feeds = feedsOf(index, tensors);
    const isWatched = watched !== null && index % STEPS_PER_WATCH === 0;
    const results = await (isWatched ? watched : plain).run(feeds);
    const loss = results["loss"].data[0];
    if (!Number.isFinite(loss)) {
      const last = before ?? { tensors, feeds };
      throw new DivergedError(
        `fit: loss must stay finite, got ${loss} at epoch ${run.epoch}, step ${index + 1}; use a smaller learning rate (now ${rateAt(index)})`,
        {
          step: (run.epoch - 1) * stepsPerEpoch + index + 1,
          tensors: last.tensors,
          layers: watched === null ? [] : layersOf(await watched.run(last.feeds)),
        },
      );
    }
    total += loss;
    if (isWatched) flow.add(layersOf(results));
    before = { tensors, feeds };
    tensors = new Map(step.state.map(({ name }) => [name, results[`next/${name}`]]));
    options.onStep?.({ epoch: run.epoch, step: index + 1, stepsPerEpoch, loss });
  }
  return {
    tensors,
    before: before!, // an epoch has at least one step
    loss: total / stepsPerEpoch,
    learningRate: rateAt(stepsPerEpoch - 1),
    layers: flow.means(),
  };
}
