import { UsageError } from "../core/errors.js";
import { Random } from "../core/random.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { initialState } from "../nn/training-step.js";
import type { Engine } from "../runtime/engine.js";
import type { TrainConfig } from "./config.js";
import { type PreparedRun, prepareRun } from "./prepare-run.js";
import { batchFeeds, StepRunner } from "./step-runner.js";

/** The rates tried, from the smallest to the largest, by one factor from step to step. */
export const RANGE = { from: 1e-6, to: 10, steps: 200 } as const;
/** Share that the moving average of the loss keeps at every step. */
const SMOOTHING = 0.9;
/** The test stops where the smoothed loss is so many times its lowest. */
const DIVERGED = 4;
/** The first steps say little: the average is young. */
const SKIPPED = RANGE.steps / 10;
/** Slopes are taken over so many steps before and after: half a decade of rates together. */
const HALF_WINDOW = 7;
/** A rise by this share of the curve's whole fall ends a valley. */
const RISE = 0.25;

/** One step of a range test. */
export interface RangeStep {
  readonly learningRate: number;
  /** Of the step's batch, before the step. */
  readonly loss: number;
  /** Exponential moving average of the loss, corrected for its start at 0. */
  readonly smoothedLoss: number;
}

/** The rates that a range test points to; null where the loss never fell. */
export interface SuggestedRates {
  /** Where the smoothed loss falls fastest by the logarithm of the rate. */
  readonly steepest: number | null;
  /** A tenth of the rate of the lowest smoothed loss. */
  readonly tenthOfLowest: number | null;
}

/** What a range test found. */
export interface RangeTest {
  /** Only those of finite loss. */
  readonly steps: readonly RangeStep[];
  /** "diverged": before the largest rate, by a loss that was not finite or 4 times the lowest. */
  readonly ended: "finished" | "diverged";
  readonly suggested: SuggestedRates;
}

/** The learning rate of a step, from 0. */
export function rateOf(step: number): number {
  return RANGE.from * (RANGE.to / RANGE.from) ** (step / (RANGE.steps - 1));
}

/**
 * Trains with a learning rate that grows from step to step, and throws the weights away: net, data, optimizer and
 * augmentation are those of a run with these settings, as are the first weights and batches.
 *
 *   smoothedLoss[t] = average[t] / (1 - 0.9^t),  average[t] = 0.9 * average[t - 1] + 0.1 * loss[t],  average[0] = 0
 *
 * Reference: Smith, "Cyclical learning rates for training neural networks", 2017, https://arxiv.org/abs/1506.01186; the
 * stop at 4 times the lowest loss and both suggestions are as in fastai's `lr_find`.
 *
 * @returns null if stopped by the signal
 * @throws DataError if the data have too few clips or classes to train on
 * @throws UsageError if the data do not fit the settings
 */
export async function findLearningRate(
  data: FeatureData,
  config: TrainConfig,
  options: {
    engine: Engine;
    signal?: AbortSignal | undefined;
    onStart?: (run: PreparedRun) => void;
    /** After every step; `done` counts them from 1. */
    onStep?: (done: number, step: RangeStep) => void;
  },
): Promise<RangeTest | null> {
  const { engine, signal } = options;
  // The averaged weights would only be thrown away.
  const run = await prepareRun(data, { ...config, emaDecay: 0, watch: false }, { signal });
  options.onStart?.(run);
  const runner = await StepRunner.open(engine, run.step);
  const steps: RangeStep[] = [];
  let [average, lowest] = [0, Number.POSITIVE_INFINITY];
  try {
    for await (const loss of losses(runner, run, config.seed)) {
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

/** The loss of every step of training at the growing rate. */
async function* losses(
  runner: StepRunner,
  { step, batches }: PreparedRun,
  seed: number,
): AsyncGenerator<number> {
  const random = new Random(seed);
  runner.load(initialState(step, random.fork("weights")));
  for (let index = 0; index < RANGE.steps; index++) {
    if (index % batches.stepsPerEpoch === 0) batches.startEpoch(1 + index / batches.stepsPerEpoch);
    const feeds = batchFeeds(step, await batches.next());
    const settings = { learningRate: rateOf(index), random: random.fork(`step ${index}`) };
    yield (await runner.run(feeds, settings)).loss;
  }
}

/**
 * The rates that the steps of a range test point to, in the first valley of the smoothed loss.
 *
 * steepest: the middle of the 15 steps before the lowest smoothed loss over which it falls most.
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
 * The steps until the loss, from its lowest so far, has risen by a quarter of the whole curve's fall. Behind, it often
 * falls again, to that of a guess, when decay and huge steps have made the net forget its input: no place to train at.
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

/** Index of the lowest smoothed loss; -1 of no steps. */
function lowestOf(steps: readonly RangeStep[]): number {
  const losses = steps.map(({ smoothedLoss }) => smoothedLoss);
  return losses.indexOf(Math.min(...losses));
}
