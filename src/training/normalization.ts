import { fitCovariance } from "../dataset/covariance.js";
import type { FeatureSet } from "../dataset/feature-set.js";
import { conditionNumber, inputSpectrum } from "../dataset/input-spectrum.js";
import { fitStandardization } from "../dataset/standardization.js";
import { whiteningOf } from "../dataset/whitening.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import type { NormalizeConfig } from "./config.js";

/** Frames that a report on the covariance reads where no whitening needs them all: a second at most. */
const REPORT_FRAMES = 65_536;

/** A normalization with what it does to the input. */
export interface FittedNormalization {
  readonly normalization: InputNormalization;
  /** Eigenvalues of the covariance of mel vectors, largest first, without and with the normalization. */
  readonly eigenvalues: { readonly before: Float64Array; readonly after: Float64Array };
  /** Largest by smallest of these. */
  readonly conditionNumber: { readonly before: number; readonly after: number };
}

/**
 * Fits a normalization on the train split.
 * @throws DataError naming a file whose features are not finite
 */
export function fitNormalization(
  train: FeatureSet<"train">,
  config: NormalizeConfig,
  options: { signal?: AbortSignal | undefined } = {},
): FittedNormalization {
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const maxFrames = config.kind === "whiten" ? {} : { maxFrames: REPORT_FRAMES };
  const covariance = fitCovariance(train, { ...maxFrames, ...signal });
  const normalization = ((): InputNormalization => {
    switch (config.kind) {
      case "none":
        return { kind: "none" };
      case "standardize": {
        const { mean, std } = fitStandardization(train, { kind: config.over, ...signal });
        return { kind: "standardize", mean, std };
      }
      case "whiten": {
        const { mean, projection } = whiteningOf(covariance, config);
        return { kind: "whiten", mean, projection };
      }
    }
  })();
  const before = inputSpectrum(covariance, { kind: "none" });
  const after = inputSpectrum(covariance, normalization);
  return {
    normalization,
    eigenvalues: { before, after },
    conditionNumber: { before: conditionNumber(before), after: conditionNumber(after) },
  };
}
