import { netConfig, type SegmentNetConfig } from "../nn/architectures.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import type { OptimizerConfig } from "../nn/optimizers.js";
import { normalizationOf } from "../training/normalization.js";
import type { LabBench, LabSection } from "./bench.js";
import type { BatchNormResult, BatchNormRun, BatchNormRunName } from "./results.js";
import { type TrainCurve, trainCurves } from "./train-curve.js";

/** How much this section trains. */
export interface BatchNormBudget {
  readonly steps: number;
  readonly points: number;
  /** Steps of each short run in the search for the baseline's learning rate. */
  readonly searchSteps: number;
}

const QUICK = { steps: 320, points: 16, searchSteps: 80 };
const FULL = { steps: 3000, points: 50, searchSteps: 300 };

/** Candidates for the baseline's learning rate: the one with the lowest training loss wins. */
const LEARNING_RATES = [1 / 1024, 1 / 256, 1 / 64, 1 / 16];

const MOMENTUM: OptimizerConfig = { kind: "sgd", momentum: 0.9, nesterov: false, weightDecay: 0 };

/** Cost of one training step, relative to a step of the section on input normalization. */
const STEP_COST = 3;

const net = (activation: "relu" | "sigmoid", isBatchNorm: boolean): SegmentNetConfig =>
  netConfig({
    kind: "vgg",
    channels: [4, 8, 16, 32],
    dropout: 0,
    activation,
    ...(isBatchNorm ? {} : { batchNorm: null }),
  });

/** The runs, each with its learning rate as a multiple of the baseline's. */
const RUNS: readonly { name: BatchNormRunName; net: SegmentNetConfig; factor: number }[] = [
  { name: "baseline", net: net("relu", false), factor: 1 },
  { name: "BN", net: net("relu", true), factor: 1 },
  { name: "BN x5", net: net("relu", true), factor: 5 },
  { name: "BN x30", net: net("relu", true), factor: 30 },
  { name: "BN x5 sigmoid", net: net("sigmoid", true), factor: 5 },
  { name: "sigmoid", net: net("sigmoid", false), factor: 1 },
];

const budgetOf = (isQuick: boolean): BatchNormBudget => (isQuick ? QUICK : FULL);

/** Batch norm: the learning rates and activations that it makes possible. */
export const batchNormSection: LabSection<BatchNormResult> = {
  budget(isQuick) {
    const { steps, searchSteps } = budgetOf(isQuick);
    return STEP_COST * (RUNS.length * steps + LEARNING_RATES.length * searchSteps);
  },
  run: (bench) => batchNorm(bench),
};

/**
 * Repeats the experiment of Figure 2: trains a net without batch norm at its best learning rate, then with batch norm
 * at multiples of that rate, and both ways with sigmoids.
 *
 * Reference: Ioffe and Szegedy, "Batch Normalization", 2015, section 4.2, https://arxiv.org/abs/1502.03167
 */
export async function batchNorm(
  bench: LabBench,
  budget: BatchNormBudget = budgetOf(bench.isQuick),
): Promise<BatchNormResult> {
  const { covariance, inputShape, batchSize } = bench;
  const standardize = { kind: "standardize", over: "band" } as const;
  const { normalization } = normalizationOf(covariance, standardize);
  const baseRate = await bestRate(bench, normalization, budget.searchSteps);
  const { steps, points } = budget;
  const trained = await trainCurves(
    bench,
    RUNS.map(({ net, factor }) => {
      const setup = { net, normalization, optimizer: MOMENTUM, learningRate: factor * baseRate };
      return { ...setup, steps, points, watch: true, stepCost: STEP_COST };
    }),
  );
  const bestOf = ({ curve }: TrainCurve) => Math.max(0, ...curve.map(({ score }) => score));
  const target = bestOf(trained[0]);
  const runs = RUNS.map(({ name, factor }, i): BatchNormRun => {
    const { curve, divergedAt } = trained[i];
    return {
      name,
      learningRate: factor * baseRate,
      curve,
      divergedAt,
      best: bestOf(trained[i]),
      stepsToBaselineBest: curve.find(({ score }) => score >= target)?.step ?? null,
      spread: spreadOf(trained[i]),
    };
  });
  const rates = LEARNING_RATES.map((rate) => rate.toPrecision(2)).join(", ");
  return {
    net: `2-D conv net on ${inputShape[0]} frames of ${inputShape[1]} bands, standardized: 4 blocks of 4, 8, 16 and 32 channels (kernel 3x3, max pool 2x2; He initialization with ReLU, Glorot with sigmoid) and a dense layer; SGD with momentum 0.9, batches of ${batchSize}. The baseline uses whichever of the learning rates ${rates} has the lowest training loss over the second half of ${budget.searchSteps} steps`,
    runs,
  };
}

/** Finds the rate of lowest training loss in short runs of the baseline; the smallest rate if all runs diverge. */
async function bestRate(
  bench: LabBench,
  normalization: InputNormalization,
  searchSteps: number,
): Promise<number> {
  const trained = await trainCurves(
    bench,
    LEARNING_RATES.map((learningRate) => {
      const setup = { net: RUNS[0].net, normalization, optimizer: MOMENTUM, learningRate };
      return { ...setup, steps: searchSteps, points: 2, stepCost: STEP_COST };
    }),
  );
  const losses = trained.map(({ curve }) => curve[1]?.trainLoss ?? Number.POSITIVE_INFINITY);
  return LEARNING_RATES[losses.indexOf(Math.min(...losses))];
}

/** Mean and deviation of the activations of the last layer before the dense one, at each point of the curve. */
function spreadOf({ curve, layers }: TrainCurve): BatchNormRun["spread"] {
  return layers.map((health, i) => {
    const { mean, std } = health[health.length - 2];
    return { step: curve[i].step, mean, std };
  });
}
