import { Random } from "../core/random.js";
import { TrainSampler } from "../dataset/batches.js";
import { netConfig } from "../nn/architectures.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import { LossGradient } from "../training/loss-gradient.js";
import type { LabBench } from "./bench.js";
import { type GradientAt, largestEigenvalue } from "./largest-eigenvalue.js";
import type { SharpnessRun } from "./results.js";

/**
 * A net whose loss is smooth and so has a Hessian everywhere: it has tanh and no max pool. It is small, since a run
 * computes thousands of gradients on a large batch.
 */
const UNITS = 64;
const NET = netConfig({ kind: "mlp", units: [UNITS], activation: "tanh", batchNorm: null, dropout: 0 });
const SEGMENT_FRAMES = 4;
const BATCH_SIZE = 512;

/** Description of the net and of its gradient descent. */
export const SHARPNESS_NET = `an MLP with one hidden layer of ${UNITS} tanh units and no batch norm; every step of plain gradient descent uses all of the same ${BATCH_SIZE} training segments of ${SEGMENT_FRAMES} frames`;

/**
 * 2 / learning rate, as multiples of the eigenvalue at the initial weights: above 1, so that descent is stable at
 * first, but not by much, so that the eigenvalue, which grows while descent is stable, reaches it.
 */
const EDGES = [1.1, 1.5] as const;

/** Length of the runs. */
export interface SharpnessBudget {
  /** Steps of a run, a multiple of `points`. */
  readonly steps: number;
  /** Number of points measured after the first. */
  readonly points: number;
}

/** Typical number of gradients that one measured point takes; it counts as this many steps. */
const GRADIENTS_PER_POINT = 20;

/** Steps by which `sharpnessRuns` will advance the bench. */
export const sharpnessWork = ({ steps, points }: SharpnessBudget): number =>
  EDGES.length * (steps + points * GRADIENTS_PER_POINT);

/**
 * Measures the largest eigenvalue of the training loss's Hessian along plain gradient descent on one large batch of
 * training segments, at two learning rates from the same weights.
 *
 * Gradient descent on a quadratic diverges if the eigenvalue is above 2 / learning rate. On a net's loss the eigenvalue
 * grows to about that value and stays near it, while the loss keeps falling, in jumps: the edge of stability.
 *
 * Reference: Cohen et al., 2021, https://arxiv.org/abs/2103.00065
 */
export async function sharpnessRuns(
  bench: LabBench,
  normalization: InputNormalization,
  budget: SharpnessBudget,
): Promise<SharpnessRun[]> {
  const { sets, task, labels, seed, engine } = bench;
  const sampler = new TrainSampler(sets.train, {
    batchSize: BATCH_SIZE,
    segmentFrames: SEGMENT_FRAMES,
    seed,
    balance: true,
  });
  const config = {
    net: NET,
    task,
    nLabels: labels.length,
    inputShape: [SEGMENT_FRAMES, sets.train.nMels],
    batchSize: BATCH_SIZE,
    normalization,
    isMasked: sets.train.lacksTargets,
  };
  const loss = await LossGradient.open(config, await sampler.next(), engine);
  try {
    const random = new Random(seed).fork("sharpness");
    const weights = loss.initialWeights(random.fork("weights"));
    const gradientAt: GradientAt = async (at) => (await loss.at(at)).gradient;
    const { eigenvalue } = await largestEigenvalue(gradientAt, weights, { random: random.fork("start") });
    const runs: SharpnessRun[] = [];
    for (const edge of EDGES) {
      const learningRate = Number((2 / (edge * eigenvalue)).toPrecision(2));
      runs.push(
        await descend(bench, loss, { ...budget, weights, learningRate, random: random.fork("start") }),
      );
    }
    return runs;
  } finally {
    await loss.close();
  }
}

async function descend(
  bench: LabBench,
  loss: LossGradient,
  run: SharpnessBudget & { weights: Float32Array; learningRate: number; random: Random },
): Promise<SharpnessRun> {
  const { steps, points: nPoints, learningRate, random } = run;
  const gradientAt: GradientAt = async (at) => (await loss.at(at)).gradient;
  const points: SharpnessRun["points"][number][] = [];
  let at = run.weights;
  // The direction turns slowly, so the last one is a good start for the next.
  let start: Float32Array | undefined;
  for (let step = 0; ; step++) {
    bench.signal?.throwIfAborted();
    const now = await loss.at(at);
    if (!Number.isFinite(now.loss)) break;
    if (step % (steps / nPoints) === 0) {
      const { eigenvalue, vector } = await largestEigenvalue(gradientAt, at, { random, start });
      if (!Number.isFinite(eigenvalue)) break;
      points.push({ step, loss: now.loss, eigenvalue });
      start = vector;
      if (step > 0) bench.advance(GRADIENTS_PER_POINT);
    }
    if (step === steps) break;
    at = at.map((weight, i) => weight - learningRate * now.gradient[i]);
    bench.advance(1);
  }
  return { learningRate, points };
}
