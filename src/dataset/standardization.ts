import { checkChoice, checkInteger, checkNumber } from "../core/check.js";
import type { Covariance } from "./covariance.js";

/** Statistics that scale features to mean 0 and deviation 1: `(x - mean[band]) / std[band]`. */
export interface Standardization {
  /** `band`: every mel band separately; `global`: one mean and deviation for all bands. */
  readonly kind: "band" | "global";
  /** [nMels] */
  readonly mean: Float32Array;
  /** [nMels] population deviation, with `epsilon` already added. */
  readonly std: Float32Array;
  readonly epsilon: number;
  /** Number of frames it was fitted on. */
  readonly nFrames: number;
}

/**
 * The standardization of frames with this mean and covariance.
 *
 * `std = sqrt(variance) + epsilon`; for `global`, `mean = avg(band means)` and
 * `variance = avg(band variances) + avg((band mean - mean)^2)`, since all bands have the same count.
 *
 * Same as: scikit-learn 1.x `StandardScaler().partial_fit` over all frames (`mean_`, `sqrt(var_)`), for `global` over all
 * values as one column, within 1e-6 relative; test/dataset/standardization.test.ts.
 * @param covariance as `fitCovariance` returns it, of at least one frame
 * @param options `kind`, `@default` "band"; `epsilon` greater than 0, `@default` 1e-3: a band that hardly varies in
 *   training is amplified by at most 1 / epsilon, and one with deviation 0.5 changes by 0.2 %
 */
export function standardizationOf(
  covariance: Covariance,
  options: { kind?: "band" | "global"; epsilon?: number } = {},
): Standardization {
  const { epsilon = 1e-3 } = options;
  const kind = checkChoice("kind", options.kind ?? "band", ["band", "global"]);
  checkNumber("epsilon", epsilon, { above: 0 });
  checkInteger("covariance.count", covariance.count, { min: 1 });
  const { mean, variance } = kind === "band" ? covariance : pooled(covariance);
  return {
    kind,
    mean: Float32Array.from(mean),
    std: Float32Array.from(variance, (value) => Math.sqrt(value) + epsilon),
    epsilon,
    nFrames: covariance.count,
  };
}

/** Mean and population variance over all bands, repeated for each band. */
function pooled(covariance: Covariance): { mean: Float64Array; variance: Float64Array } {
  const bandMeans = covariance.mean;
  const average = (values: Float64Array): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const mean = average(bandMeans);
  const within = average(covariance.variance);
  const between = average(bandMeans.map((bandMean) => (bandMean - mean) ** 2));
  return { mean: bandMeans.fill(mean), variance: bandMeans.slice().fill(within + between) };
}
