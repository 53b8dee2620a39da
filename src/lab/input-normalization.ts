import { fitCovariance } from "../dataset/covariance.js";
import { featureSets } from "../dataset/feature-set.js";
import { netConfig } from "../nn/architectures.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import type { OptimizerConfig } from "../nn/optimizers.js";
import type { NormalizeConfig } from "../training/config.js";
import { normalizationOf } from "../training/normalization.js";
import type { LabBench, LabSection } from "./bench.js";
import type { InputNormalizationResult, LeakResult, NormalizeName } from "./results.js";
import { evaluateOn, trainCurves } from "./train-curve.js";

/** How much this section trains. */
export interface InputNormalizationBudget {
  readonly steps: number;
  readonly points: number;
  /** Every normalization is tried at all of these, since each has its own best learning rate. */
  readonly learningRates: readonly number[];
  /** Steps of each run that compares statistics of the training split with statistics of all data. */
  readonly leakSteps: number;
  readonly leakSeeds: number;
}

const LEARNING_RATES = [1 / 256, 1 / 64, 1 / 16, 1 / 4];

const QUICK = { steps: 500, points: 10, learningRates: LEARNING_RATES, leakSteps: 400, leakSeeds: 2 };
const FULL = { steps: 2400, points: 20, learningRates: LEARNING_RATES, leakSteps: 1600, leakSeeds: 5 };

/** Learning rate of the comparison of statistics; the net learns well at it with standardized input. */
const LEAK_LEARNING_RATE = 1 / 16;

const NAMES: readonly NormalizeName[] = ["none", "standardize", "whiten"];

const NORMALIZATIONS: Readonly<Record<NormalizeName, NormalizeConfig>> = {
  none: { kind: "none" },
  standardize: { kind: "standardize", over: "band" },
  whiten: { kind: "whiten", zca: false, keepVariance: 1 },
};

/** Its channels are the bands: a convolution across bands would make no sense for principal components. */
const NET = netConfig({
  kind: "gct634-1d",
  channels: [32, 32, 32],
  kernelSizes: [3, 3, 3],
  pools: [2, 2, 2],
  batchNorm: null,
});

const SGD: OptimizerConfig = { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 };

const budgetOf = (isQuick: boolean): InputNormalizationBudget => (isQuick ? QUICK : FULL);

/** Input normalization: one net, trained by plain gradient descent on raw, standardized and whitened input. */
export const inputNormalizationSection: LabSection<InputNormalizationResult> = {
  budget(isQuick) {
    const { steps, learningRates, leakSteps, leakSeeds } = budgetOf(isQuick);
    return 3 * learningRates.length * steps + 2 * leakSeeds * leakSteps;
  },
  run: (bench) => inputNormalization(bench),
};

/**
 * Trains a net without batch norm with every normalization at every learning rate; then compares its test scores with
 * statistics of the training split and with statistics of all clips.
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
    net: `1-D conv net over time, on ${inputShape[0]} frames of ${inputShape[1]} bands: 3 blocks of 32 channels (kernel 3, He initialization, ReLU, max pool 2) and a dense layer, no batch norm; plain SGD, batches of ${batchSize}`,
    conditionNumber: each((name) => fitted[name].conditionNumber.after),
    eigenvalues: each((name) => [...fitted[name].eigenvalues.after]),
    runs: setups.map((setup, i) => ({ ...setup, curve: curves[i].curve, divergedAt: curves[i].divergedAt })),
    leak: await leak(bench, fitted.standardize.normalization, budget),
  };
}

/** Test scores with standardization fitted on the training split and on all clips; empty if there are no test clips. */
async function leak(
  bench: LabBench,
  trainOnly: InputNormalization,
  { leakSteps, leakSeeds }: InputNormalizationBudget,
): Promise<LeakResult> {
  const { sets, signal } = bench;
  if (sets.test.clips.length === 0) return { seeds: [], trainOnly: [], allData: [] };
  const covariance = await fitCovariance(everyClip(bench), { signal });
  const { normalization: allData } = normalizationOf(covariance, NORMALIZATIONS.standardize);
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
 * All clips, labelled as the training split: the mistake that this section measures. Statistics can be fitted only on a
 * `FeatureSet<"train">`, so only mislabelled splits such as these let validation and test clips in.
 */
export function everyClip({ data, splits, labels }: LabBench) {
  const { train, valid, test, hash } = splits;
  const mislabelled = { train: [...train, ...valid, ...test], valid: [], test: [], hash };
  return featureSets(data, mislabelled, labels).train;
}
