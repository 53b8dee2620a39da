import { standardizationOf } from "../dataset/standardization.js";
import { netConfig } from "../nn/architectures.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import type { LabBench, LabSection } from "./bench.js";
import { landscapePaths } from "./landscape-paths.js";
import { COMPARED, type ComparedName } from "./optimizers.js";
import type { OptimizationResult } from "./results.js";
import { type SharpnessBudget, sharpnessRuns, sharpnessWork } from "./sharpness.js";
import { trainCurves } from "./train-curve.js";

/** The net has no batch norm, which would make the optimizers more alike. */
const NET = netConfig({
  kind: "vgg",
  channels: [8, 16],
  pools: [
    [4, 4],
    [2, 4],
  ],
  globalPool: "frames",
  dropout: 0,
  batchNorm: null,
});
const NET_WORDS =
  "2-D conv net with 8 and 16 channels (kernel 3x3, max pools 4x4 and 2x4), He initialization, ReLU, no batch norm, constant learning rate";

/** The middle of each optimizer's grid of learning rates, whose neighbours differ by a factor of 3. */
const MIDDLE_RATES: Readonly<Record<ComparedName, number>> = {
  sgd: 0.1,
  momentum: 0.03,
  rmsprop: 0.003,
  adam: 0.01,
};

/** How long the section's runs are. */
export interface OptimizationBudget {
  /** Steps of a run of the net, a multiple of `points`. */
  readonly steps: number;
  readonly points: number;
  /** Learning rates of each optimizer, as multiples of its middle one. */
  readonly factors: readonly number[];
  readonly sharpness: SharpnessBudget;
}

const QUICK: OptimizationBudget = {
  steps: 120,
  points: 3,
  factors: [1 / 3, 1, 3],
  sharpness: { steps: 800, points: 10 },
};
const FULL: OptimizationBudget = {
  steps: 800,
  points: 8,
  factors: [1 / 9, 1 / 3, 1, 3, 9],
  sharpness: { steps: 2000, points: 20 },
};

const budgetOf = (isQuick: boolean): OptimizationBudget => (isQuick ? QUICK : FULL);

/** Optimization: the optimizers on landscapes and on a net, and the edge of stability. */
export const optimizationSection: LabSection<OptimizationResult> = {
  budget(isQuick) {
    const { steps, factors, sharpness } = budgetOf(isQuick);
    return COMPARED.length * factors.length * steps + sharpnessWork(sharpness);
  },
  run: (bench) => optimization(bench),
};

/**
 * Shows how the optimizers differ: by their paths on three landscapes, and by training the same net with each at
 * several learning rates. Also measures what bounds the learning rate: the largest eigenvalue of the loss's Hessian.
 */
export async function optimization(
  bench: LabBench,
  budget: OptimizationBudget = budgetOf(bench.isQuick),
): Promise<OptimizationResult> {
  const { mean, std } = standardizationOf(bench.covariance);
  const normalization: InputNormalization = { kind: "standardize", mean, std };
  const landscapes = await landscapePaths(bench.smallEngine);
  const runs: OptimizationResult["runs"][number][] = [];
  for (const compared of COMPARED) runs.push(...(await gridRuns(bench, compared, { normalization, budget })));
  const sharpness = await sharpnessRuns(bench, normalization, budget.sharpness);
  return { landscapes, net: NET_WORDS, runs, sharpness };
}

/** Trains the net with one optimizer at every learning rate of its grid. */
async function gridRuns(
  bench: LabBench,
  { optimizer, config }: (typeof COMPARED)[number],
  setup: { normalization: InputNormalization; budget: OptimizationBudget },
): Promise<OptimizationResult["runs"]> {
  const { normalization, budget } = setup;
  const { steps, points } = budget;
  const setups = budget.factors.map((factor) => {
    const learningRate = Number((MIDDLE_RATES[optimizer] * factor).toPrecision(1));
    return { net: NET, normalization, optimizer: config, learningRate, steps, points };
  });
  const trained = await trainCurves(bench, setups);
  return trained.map(({ curve, divergedAt }, i) => {
    const { learningRate } = setups[i];
    return { optimizer, learningRate, curve, divergedAt };
  });
}
