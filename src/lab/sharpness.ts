import { Random } from "../core/random.js";
import { TrainSampler } from "../dataset/batches.js";
import { netConfig } from "../nn/architectures.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import type { LabBench } from "./bench.js";
import { type GradientAt, largestEigenvalue } from "./largest-eigenvalue.js";
import { LossGradient } from "./loss-gradient.js";
import type { SharpnessRun } from "./results.js";

/**
 * A net whose loss is smooth, so that it has a Hessian everywhere: tanh, no max pool; small, since a run takes thousands
 * of gradients of a large batch.
 */
const UNITS = 64;
const NET = netConfig({ kind: "mlp", units: [UNITS], activation: "tanh", batchNorm: null, dropout: 0 });
const SEGMENT_FRAMES = 4;
const BATCH_SIZE = 512;

/** The net and its descent, in words. */
export const SHARPNESS_NET = `MLP of one hidden layer of ${UNITS} tanh units, no batch norm, by plain gradient descent on all of ${BATCH_SIZE} training segments of ${SEGMENT_FRAMES} frames`;

/**
 * What 2 / learning rate is of the first eigenvalue: above 1, so that descent begins stable; near it, so that the
 * eigenvalue, which grows while it does, gets there.
 */
const EDGES = [1.1, 1.5] as const;

/** How long the runs are. */
export interface SharpnessBudget {
  /** Steps of a run, a multiple of `points`. */
  readonly steps: number;
  /** Points measured beside the first. */
  readonly points: number;
}

/** Gradients of a measured point, by experience: it counts as so many steps. */
const GRADIENTS_PER_POINT = 20;

/** How far `sharpnessRuns` will advance the bench. */
export const sharpnessWork = ({ steps, points }: SharpnessBudget): number =>
  EDGES.length * (steps + points * GRADIENTS_PER_POINT);

/**
 * The largest eigenvalue of the training loss's Hessian along plain gradient descent on one large batch of training
 * segments, at two learning rates from the same weights.
 *
 * Gradient descent on a quadratic diverges where the eigenvalue is above 2 / learning rate. Along a net's loss it grows
 * until it is there, then stays thereabouts while the loss still falls, in jumps: the edge of stability.
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
  // The direction turns slowly: the last one is a good start for the next.
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
