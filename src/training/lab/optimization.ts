import { standardizationOf } from "../../dataset/standardization.js";
import { netConfig } from "../../nn/architectures.js";
import type { InputNormalization } from "../../nn/input-normalization.js";
import { type LabBench, type LabSection, trainCurve } from "./bench.js";
import { landscapePaths } from "./landscape-paths.js";
import { COMPARED, type ComparedName } from "./optimizers.js";
import type { LabRun, OptimizationResult } from "./results.js";
import { type SharpnessBudget, sharpnessRuns, sharpnessWork } from "./sharpness.js";

/** Without batch norm, which would make the optimizers more alike. */
const NET = netConfig({
  kind: "gct634-1d",
  channels: [32, 32],
  kernelSizes: [4, 4],
  pools: [2, 2],
  batchNorm: null,
});
const NET_WORDS = "1-D conv net 32-32 (kernels 4, pools 2), ReLU, no batch norm";

/** The middle of each optimizer's grid of learning rates; its neighbours lie a factor of 3 apart. */
const MIDDLE_RATES: Readonly<Record<ComparedName, number>> = {
  sgd: 0.1,
  momentum: 0.01,
  rmsprop: 0.001,
  adam: 0.001,
};

/** How long the section's runs are. */
export interface OptimizationBudget {
  /** Steps of a run of the net, a multiple of `points`. */
  readonly steps: number;
  readonly points: number;
  /** Learning rates of each optimizer, by its middle one. */
  readonly factors: readonly number[];
  readonly sharpness: SharpnessBudget;
}

const QUICK: OptimizationBudget = {
  steps: 120,
  points: 4,
  factors: [1 / 3, 1, 3],
  sharpness: { steps: 800, points: 10 },
};
const FULL: OptimizationBudget = {
  steps: 800,
  points: 16,
  factors: [1 / 9, 1 / 3, 1, 3, 9],
  sharpness: { steps: 2000, points: 20 },
};

const budgetOf = (isQuick: boolean): OptimizationBudget => (isQuick ? QUICK : FULL);

/** Optimization: optimizers on landscapes and on the net, and the edge of stability. */
export const optimizationSection: LabSection<OptimizationResult> = {
  budget(isQuick) {
    const { steps, factors, sharpness } = budgetOf(isQuick);
    return COMPARED.length * factors.length * steps + sharpnessWork(sharpness);
  },
  run: (bench) => optimization(bench),
};

/**
 * How the optimizers differ: their paths over three landscapes; the same net, trained by each at the best of its learning
 * rates; and what bounds the learning rate, the largest eigenvalue of the loss's Hessian.
 */
export async function optimization(
  bench: LabBench,
  budget: OptimizationBudget = budgetOf(bench.isQuick),
): Promise<OptimizationResult> {
  const { mean, std } = standardizationOf(bench.covariance);
  const normalization: InputNormalization = { kind: "standardize", mean, std };
  const landscapes = await landscapePaths();
  const runs: OptimizationResult["runs"][number][] = [];
  for (const { optimizer } of COMPARED)
    runs.push({ optimizer, ...(await bestRun(bench, optimizer, { normalization, budget })) });
  const sharpness = await sharpnessRuns(bench, normalization, budget.sharpness);
  return { landscapes, net: NET_WORDS, runs, sharpness };
}

/** The run of lowest final train loss over the optimizer's grid of learning rates. */
async function bestRun(
  bench: LabBench,
  name: ComparedName,
  setup: { normalization: InputNormalization; budget: OptimizationBudget },
): Promise<LabRun> {
  const { steps, points, factors } = setup.budget;
  const { normalization } = setup;
  const optimizer = COMPARED.find((each) => each.optimizer === name)!.config;
  const runs: LabRun[] = [];
  for (const factor of factors) {
    const learningRate = Number((MIDDLE_RATES[name] * factor).toPrecision(1));
    const options = { net: NET, normalization, optimizer, learningRate, steps, points };
    const { curve, divergedAt } = await trainCurve(bench, options);
    runs.push({ learningRate, curve, divergedAt });
  }
  return runs.reduce((a, b) => (finalLoss(b) < finalLoss(a) ? b : a));
}

/** Of a run that diverged more than any number. */
export function finalLoss({ curve, divergedAt }: LabRun): number {
  return divergedAt === null ? curve.at(-1)!.trainLoss : Number.POSITIVE_INFINITY;
}
