import { type Covariance, fitCovariance } from "../dataset/covariance.js";
import type { FeatureSet } from "../dataset/feature-set.js";
import { conditionNumber, inputSpectrum } from "../dataset/input-spectrum.js";
import { standardizationOf } from "../dataset/standardization.js";
import { whiteningOf } from "../dataset/whitening.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import type { NormalizeConfig } from "./config.js";

/** A normalization and its effect on the input. */
export interface FittedNormalization {
  readonly normalization: InputNormalization;
  /** Eigenvalues of the covariance of mel vectors, largest first, before and after the normalization. */
  readonly eigenvalues: { readonly before: Float64Array; readonly after: Float64Array };
  /**
   * Ratio of the largest eigenvalue to the smallest. `after` counts only the components that a whitening keeps: rotated
   * back to mel bands, the dropped ones have eigenvalue 0, and no weight along them learns anything.
   */
  readonly conditionNumber: { readonly before: number; readonly after: number };
}

/**
 * Fits a normalization on the train split, from mean and covariance of all its frames, which are read once.
 * @throws DataError naming a clip whose features are not finite
 */
export async function fitNormalization(
  train: FeatureSet<"train">,
  config: NormalizeConfig,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<FittedNormalization> {
  return normalizationOf(await fitCovariance(train, options), config);
}

/** Returns the normalization for the mean and covariance of the train split. */
export function normalizationOf(covariance: Covariance, config: NormalizeConfig): FittedNormalization {
  const { normalization, keptComponents } = byKind(covariance, config);
  const before = inputSpectrum(covariance, { kind: "none" });
  const after = inputSpectrum(covariance, normalization);
  return {
    normalization,
    eigenvalues: { before, after },
    conditionNumber: {
      before: conditionNumber(before),
      after: conditionNumber(after.slice(0, keptComponents)),
    },
  };
}

function byKind(
  covariance: Covariance,
  config: NormalizeConfig,
): { normalization: InputNormalization; keptComponents: number } {
  switch (config.kind) {
    case "none":
      return { normalization: { kind: "none" }, keptComponents: covariance.nBands };
    case "standardize": {
      const { mean, std } = standardizationOf(covariance, { kind: config.over });
      return { normalization: { kind: "standardize", mean, std }, keptComponents: covariance.nBands };
    }
    case "whiten": {
      const { mean, projection, keptComponents } = whiteningOf(covariance, config);
      return { normalization: { kind: "whiten", mean, projection }, keptComponents };
    }
  }
}
