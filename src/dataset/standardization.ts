import { checkChoice, checkNumber } from "../core/check.js";
import { addFrames } from "./add-frames.js";
import { checkTrain, type FeatureSet } from "./feature-set.js";
import { Moments } from "./moments.js";

/** What turns features into numbers of mean 0 and deviation 1: `(x - mean[band]) / std[band]`. */
export interface Standardization {
  /** `band`: every mel band by itself; `global`: one mean and deviation for all. */
  readonly kind: "band" | "global";
  /** [nMels] */
  readonly mean: Float32Array;
  /** [nMels] population deviation, `epsilon` already added. */
  readonly std: Float32Array;
  readonly epsilon: number;
  /** Frames it was fitted on. */
  readonly nFrames: number;
}

/**
 * Mean and deviation of the features over every frame of the train split, read once, in float64.
 *
 * `mean = sum(x) / n`, `std = sqrt(sum((x - mean)^2) / n) + epsilon`.
 *
 * Same as: scikit-learn 1.x `StandardScaler().partial_fit` over all frames (`mean_`, `sqrt(var_)`), within 1e-6 relative;
 * test/dataset/standardization.test.ts.
 * @param train only the train split has this type
 * @param options `kind`, `@default` "band"; `epsilon` greater than 0, `@default` 1e-3: a band that hardly moves in
 *   training is blown up by at most 1 / epsilon, and one of deviation 0.5 is changed by 0.2 %; `signal` stops it
 * @throws UsageError if the set is not the train split, or empty
 * @throws DataError naming a file whose features are not finite
 */
export function fitStandardization(
  train: FeatureSet<"train">,
  options: { kind?: "band" | "global"; epsilon?: number; signal?: AbortSignal } = {},
): Standardization {
  const { epsilon = 1e-3, signal } = options;
  checkTrain("fitStandardization", train);
  const kind = checkChoice("fitStandardization: kind", options.kind ?? "band", ["band", "global"]);
  checkNumber("fitStandardization: epsilon", epsilon, { above: 0 });
  const moments = new Moments(train.nMels);
  addFrames(moments, train, { signal });
  const { mean, variance } = kind === "band" ? moments.perBand() : moments.pooled();
  return {
    kind,
    mean: Float32Array.from(mean),
    std: Float32Array.from(variance, (value) => Math.sqrt(value) + epsilon),
    epsilon,
    nFrames: moments.count,
  };
}
