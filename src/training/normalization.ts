import { type Covariance, fitCovariance } from "../dataset/covariance.js";
import type { FeatureSet } from "../dataset/feature-set.js";
import { conditionNumber, inputSpectrum } from "../dataset/input-spectrum.js";
import { standardizationOf } from "../dataset/standardization.js";
import { trainFrames } from "../dataset/train-frames.js";
import { whiteningOf } from "../dataset/whitening.js";
import { compressionRate, silenceValue } from "../features/front-end.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import { levelOf, type SegmentLevel, toLevel } from "../nn/segment-level.js";
import type { NormalizeConfig, TrainConfig } from "./config.js";

/**
 * Most that a segment becomes louder than the level of the training data [dB]. A recording that is as much too quiet is still
 * brought to it; the noise below the sounds, which is as far down or farther, does not become as loud as they are.
 */
const MAX_GAIN_DB = 60;

/** A normalization and its effect on the input. */
export interface FittedNormalization {
  readonly normalization: InputNormalization;
  /**
   * Eigenvalues of the covariance of mel vectors, largest first, before and after the normalization. If there is a level, the
   * segments have been brought to it before both.
   */
  readonly eigenvalues: { readonly before: Float64Array; readonly after: Float64Array };
  /**
   * Ratio of the largest eigenvalue to the smallest. `after` counts only the components that a whitening keeps: rotated
   * back to mel bands, the dropped ones have eigenvalue 0, and no weight along them learns anything.
   */
  readonly conditionNumber: { readonly before: number; readonly after: number };
}

/**
 * Fits a normalization on the train split, from mean and covariance of all its frames, which are read once. If segments are
 * brought to one level, it is the mean of theirs, and mean and covariance are those of the segments at that level.
 * @throws DataError naming a clip whose features are not finite
 */
export async function fitNormalization(
  train: FeatureSet<"train">,
  { normalize, segmentFrames }: Pick<TrainConfig, "normalize" | "segmentFrames">,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<FittedNormalization> {
  if (normalize.level === undefined) return normalizationOf(await fitCovariance(train, options), normalize);
  const segments = { segmentFrames, ...options };
  const level = await fitLevel(train, segments);
  const change = (frames: Float32Array) => toLevel(frames, train.nMels, level);
  const fitted = normalizationOf(await fitCovariance(train, { ...segments, change }), normalize);
  return { ...fitted, normalization: { ...fitted.normalization, level } };
}

async function fitLevel(
  train: FeatureSet<"train">,
  segments: { segmentFrames: number; signal?: AbortSignal | undefined },
): Promise<SegmentLevel> {
  const { frontEnd, nMels } = train;
  const scale = { silence: silenceValue(frontEnd), rate: compressionRate(frontEnd) };
  let [sum, count] = [0, 0];
  for await (const frames of trainFrames(train, segments)) {
    sum += levelOf(frames, nMels, scale);
    count++;
  }
  const target = Math.fround(sum / count || 1); // of silence alone, which no gain changes
  const least = Math.fround(target * 10 ** ((-MAX_GAIN_DB * frontEnd.power) / 20));
  return { ...scale, target, least };
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
