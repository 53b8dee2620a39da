import { featureSets } from "../dataset/feature-set.js";
import { netConfig } from "../nn/architectures.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import type { OptimizerConfig } from "../nn/optimizers.js";
import type { NormalizeConfig } from "../training/config.js";
import { fitNormalization, normalizationOf } from "../training/normalization.js";
import type { LabBench, LabSection } from "./bench.js";
import type { InputNormalizationResult, LeakResult, NormalizeName } from "./results.js";
import { evaluateOn, trainCurves } from "./train-curve.js";

/** How much this section trains. */
export interface InputNormalizationBudget {
  readonly steps: number;
  readonly points: number;
  /** Every normalization is tried at all of them: each has its own best one. */
  readonly learningRates: readonly number[];
  /** Of the comparison of statistics. */
  readonly leakSteps: number;
  readonly leakSeeds: number;
}

const LEARNING_RATES = [1 / 256, 1 / 64, 1 / 16, 1 / 4];

const QUICK = { steps: 500, points: 10, learningRates: LEARNING_RATES, leakSteps: 400, leakSeeds: 2 };
const FULL = { steps: 2400, points: 20, learningRates: LEARNING_RATES, leakSteps: 1600, leakSeeds: 5 };

/** Of the comparison of statistics: one at which the net learns well with standardized input. */
const LEAK_LEARNING_RATE = 1 / 16;

const NAMES: readonly NormalizeName[] = ["none", "standardize", "whiten"];

const NORMALIZATIONS: Readonly<Record<NormalizeName, NormalizeConfig>> = {
  none: { kind: "none" },
  standardize: { kind: "standardize", over: "band" },
  whiten: { kind: "whiten", zca: false, keepVariance: 1 },
};

/** Bands are channels: a convolution over bands would find no neighbours among principal components. */
const NET = netConfig({
  kind: "gct634-1d",
  channels: [32, 32, 32],
  kernelSizes: [3, 3, 3],
  pools: [2, 2, 2],
  batchNorm: null,
});

const SGD: OptimizerConfig = { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 };

const budgetOf = (isQuick: boolean): InputNormalizationBudget => (isQuick ? QUICK : FULL);

/** Input normalization: the same net by plain gradient descent, its input as it is, standardized and whitened. */
export const inputNormalizationSection: LabSection<InputNormalizationResult> = {
  budget(isQuick) {
    const { steps, learningRates, leakSteps, leakSeeds } = budgetOf(isQuick);
    return 3 * learningRates.length * steps + 2 * leakSeeds * leakSteps;
  },
  run: (bench) => inputNormalization(bench),
};

/**
 * Loss curves of a net without batch norm by normalization and rate, and test scores with statistics of the train split
 * and of all clips.
 */
export async function inputNormalization(
  bench: LabBench,
  budget: InputNormalizationBudget = budgetOf(bench.isQuick),
): Promise<InputNormalizationResult> {
  const { covariance, inputShape, batchSize } = bench;
  const fitted = {
    none: normalizationOf(covariance, NORMALIZATIONS.none),
    standardize: normalizationOf(covariance, NORMALIZATIONS.standardize),
    whiten: normalizationOf(covariance, NORMALIZATIONS.whiten),
  };
  const each = <T>(of: (name: NormalizeName) => T): Record<NormalizeName, T> => ({
    none: of("none"),
    standardize: of("standardize"),
    whiten: of("whiten"),
  });
  const { steps, points, learningRates } = budget;
  const setups = NAMES.flatMap((normalize) =>
    learningRates.map((learningRate) => ({ normalize, learningRate })),
  );
  const curves = await trainCurves(
    bench,
    setups.map(({ normalize, learningRate }) => {
      const { normalization } = fitted[normalize];
      return { net: NET, normalization, optimizer: SGD, learningRate, steps, points };
    }),
  );
  return {
    net: `1-D conv net over time on ${inputShape[0]} frames of ${inputShape[1]} bands: 3 blocks of 32 channels (kernel 3, He, ReLU, max pool 2), a dense layer, no batch norm; plain SGD, batches of ${batchSize}`,
    conditionNumber: each((name) => fitted[name].conditionNumber.after),
    eigenvalues: each((name) => [...fitted[name].eigenvalues.after]),
    runs: setups.map((setup, i) => ({ ...setup, curve: curves[i].curve, divergedAt: curves[i].divergedAt })),
    leak: await leak(bench, fitted.standardize.normalization, budget),
  };
}

/** Test scores with standardization by the train split and by all clips; empty where the store has no test clips. */
async function leak(
  bench: LabBench,
  trainOnly: InputNormalization,
  { leakSteps, leakSeeds }: InputNormalizationBudget,
): Promise<LeakResult> {
  const { sets, signal } = bench;
  if (sets.test.clips.length === 0) return { seeds: [], trainOnly: [], allData: [] };
  const { normalization: allData } = await fitNormalization(everyClip(bench), NORMALIZATIONS.standardize, {
    signal,
  });
  const seeds = Array.from({ length: leakSeeds }, (_, i) => bench.seed + i);
  const setups = [trainOnly, allData].flatMap((normalization) =>
    seeds.map((seed) => ({
      net: NET,
      normalization,
      optimizer: SGD,
      learningRate: LEAK_LEARNING_RATE,
      seed,
    })),
  );
  const trained = await trainCurves(
    bench,
    setups.map((setup) => ({ ...setup, steps: leakSteps, points: 1 })),
  );
  const scores: number[] = [];
  for (const [i, { weights }] of trained.entries())
    scores.push((await evaluateOn(bench, sets.test, { ...setups[i], weights })).score);
  return { seeds, trainOnly: scores.slice(0, seeds.length), allData: scores.slice(seeds.length) };
}

/**
 * All clips under the name of the train split: the mistake this section is there to measure. Statistics are fitted on a
 * `FeatureSet<"train">` and on nothing else, so that only splits that lie, as these do, let valid and test clips in.
 */
export function everyClip({ data, splits, labels }: LabBench) {
  const { train, valid, test, hash } = splits;
  const lying = { train: [...train, ...valid, ...test], valid: [], test: [], hash };
  return featureSets(data, lying, labels).train;
}
