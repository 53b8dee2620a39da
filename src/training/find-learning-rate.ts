import { UsageError } from "../core/errors.js";
import { Random } from "../core/random.js";
import type { Tensor } from "../core/tensor.js";
import type { FeatureData } from "../dataset/feature-data.js";
import type { Engine } from "../runtime/engine.js";
import type { TrainedModel } from "../tagging/model-file.js";
import type { TrainConfig } from "./config.js";
import { startState } from "./fit.js";
import { type PreparedRun, prepareRun, startWeights } from "./prepare-run.js";
import { checkStartData } from "./start.js";
import { batchFeeds, StepRunner } from "./step-runner.js";

/** The rates to try, from the smallest to the largest, each larger than the last by the same factor. */
export const RANGE = { from: 1e-6, to: 10, steps: 200 } as const;
/** Fraction that the moving average of the loss keeps at every step. */
const SMOOTHING = 0.9;
/** The test stops when the smoothed loss exceeds its lowest value by this factor. */
const DIVERGED = 4;
/** Number of first steps that are ignored, since the average is made of too few losses. */
const SKIPPED = RANGE.steps / 10;
/** Slopes are taken over this many steps before and after, together half a decade of rates. */
const HALF_WINDOW = 7;
/** A rise by this fraction of the curve's whole fall ends a valley. */
const RISE = 0.25;

/** One step of a range test. */
export interface RangeStep {
  readonly learningRate: number;
  /** Loss of the step's batch, before the step. */
  readonly loss: number;
  /** Exponential moving average of the loss, corrected for its start at 0. */
  readonly smoothedLoss: number;
}

/** The rates that a range test suggests; null if the loss never fell. */
export interface SuggestedRates {
  /** Rate at which the smoothed loss falls fastest, relative to the logarithm of the rate. */
  readonly steepest: number | null;
  /** A tenth of the rate with the lowest smoothed loss. */
  readonly tenthOfLowest: number | null;
}

/** Result of a range test. */
export interface RangeTest {
  /** The steps with a finite loss. */
  readonly steps: readonly RangeStep[];
  /** "diverged" if the loss was not finite, or more than 4 times its lowest value, before the largest rate. */
  readonly ended: "finished" | "diverged";
  readonly suggested: SuggestedRates;
}

/** Learning rate of a step, counted from 0. */
export function rateOf(step: number): number {
  return RANGE.from * (RANGE.to / RANGE.from) ** (step / (RANGE.steps - 1));
}

/**
 * Trains with a learning rate that grows from step to step, and discards the weights. Net, data, optimizer,
 * augmentation, initial weights and batches are the same as in a run with these settings.
 *
 *   smoothedLoss[t] = average[t] / (1 - 0.9^t),  average[t] = 0.9 * average[t - 1] + 0.1 * loss[t],  average[0] = 0
 *
 * Reference: Smith, "Cyclical learning rates for training neural networks", 2017, https://arxiv.org/abs/1506.01186; the
 * stop at 4 times the lowest loss and both suggestions are as in fastai's `lr_find`.
 *
 * @returns null if stopped by the signal; while statistics are fitted, the promise rejects with its reason
 * @throws DataError if the data have too few clips or classes to train on
 * @throws UsageError if the data do not fit the settings
 */
export async function findLearningRate(
  data: FeatureData,
  config: TrainConfig,
  options: {
    engine: Engine;
    /** See `trainModel`; with gradual freezing the rates are tried on the whole net. */
    from?: TrainedModel | undefined;
    signal?: AbortSignal | undefined;
    onStart?: (run: PreparedRun) => void;
    /** Called after every step; `done` counts the steps from 1. */
    onStep?: (done: number, step: RangeStep) => void;
  },
): Promise<RangeTest | null> {
  const { engine, from, signal } = options;
  if (from !== undefined) checkStartData(data, from);
  const start =
    config.start?.freeze === "gradual" ? { ...config.start, freeze: "none" as const } : config.start;
  // Averaged weights would only be discarded.
  const settings = { ...config, start, emaDecay: 0, watch: false };
  const run = await prepareRun(data, settings, { from, signal });
  options.onStart?.(run);
  const weights = await startWeights(run, data, settings, { from, engine, signal });
  const runner = await StepRunner.open(engine, run.step);
  const steps: RangeStep[] = [];
  let [average, lowest] = [0, Number.POSITIVE_INFINITY];
  try {
    for await (const loss of losses(runner, run, { weights, seed: config.seed })) {
      if (signal?.aborted) return null;
      average = SMOOTHING * average + (1 - SMOOTHING) * loss;
      const smoothedLoss = average / (1 - SMOOTHING ** (steps.length + 1));
      if (!Number.isFinite(loss) && steps.length === 0)
        throw new UsageError({
          setting: "net.init",
          rule: "give a finite loss before the first step",
          got: loss,
          remedy: "use other initial weights",
        });
      if (!Number.isFinite(smoothedLoss)) return { steps, ended: "diverged", suggested: suggestRates(steps) };
      steps.push({ learningRate: rateOf(steps.length), loss, smoothedLoss });
      options.onStep?.(steps.length, steps[steps.length - 1]);
      lowest = Math.min(lowest, smoothedLoss);
      if (smoothedLoss > DIVERGED * lowest) break;
    }
  } finally {
    await runner.close();
  }
  const ended = steps.length < RANGE.steps ? "diverged" : "finished";
  return { steps, ended, suggested: suggestRates(steps) };
}

/** Trains at the growing rate and yields the loss of every step. */
async function* losses(
  runner: StepRunner,
  { step, batches }: PreparedRun,
  { weights, seed }: { weights: ReadonlyMap<string, Tensor> | undefined; seed: number },
): AsyncGenerator<number> {
  const random = new Random(seed);
  runner.load(startState(step, weights, random.fork("weights")));
  for (let index = 0; index < RANGE.steps; index++) {
    if (index % batches.stepsPerEpoch === 0) batches.startEpoch(1 + index / batches.stepsPerEpoch);
    const feeds = batchFeeds(step, await batches.next());
    const settings = { learningRate: rateOf(index), random: random.fork(`step ${index}`) };
    yield (await runner.run(feeds, settings)).loss;
  }
}

/**
 * Suggests rates from the steps of a range test, in the first valley of the smoothed loss.
 *
 * steepest: the middle of the 15 steps, none after the lowest smoothed loss, over which it falls most.
 */
export function suggestRates(steps: readonly RangeStep[]): SuggestedRates {
  const valley = firstValley(steps.slice(SKIPPED));
  const lowest = lowestOf(valley);
  let [steepest, fall] = [-1, 0];
  for (let i = HALF_WINDOW; i + HALF_WINDOW <= lowest; i++) {
    const here = valley[i - HALF_WINDOW].smoothedLoss - valley[i + HALF_WINDOW].smoothedLoss;
    if (here > fall) [steepest, fall] = [i, here];
  }
  return {
    steepest: steepest < 0 ? null : valley[steepest].learningRate,
    tenthOfLowest: lowest > 0 ? valley[lowest].learningRate / 10 : null,
  };
}

/**
 * Returns the steps until the loss has risen from its lowest value so far by a quarter of the whole curve's fall. After
 * that it often falls again, to the loss of a guess, because weight decay and huge steps have made the net ignore its
 * input: such rates are useless for training.
 */
function firstValley(steps: readonly RangeStep[]): readonly RangeStep[] {
  const losses = steps.map(({ smoothedLoss }) => smoothedLoss);
  const bottom = lowestOf(steps);
  const fall = Math.max(...losses.slice(0, bottom + 1)) - losses[bottom];
  let lowest = Number.POSITIVE_INFINITY;
  const end = losses.findIndex((loss) => {
    lowest = Math.min(lowest, loss);
    return loss - lowest > RISE * fall;
  });
  return end < 0 ? steps : steps.slice(0, end);
}

/** Index of the lowest smoothed loss; -1 if there are no steps. */
function lowestOf(steps: readonly RangeStep[]): number {
  const losses = steps.map(({ smoothedLoss }) => smoothedLoss);
  return losses.indexOf(Math.min(...losses));
}
