import { compressionRate, type FrontEnd } from "../features/front-end.js";
import type { Augmentation } from "../nn/augmentation.js";
import type { AugmentationSettings } from "../nn/augmentation-settings.js";
import type { TrainConfig } from "./config.js";

/** Writes the compression as y = log(scale * x + floor) / rate. */
function logarithm(frontEnd: FrontEnd): Augmentation["logarithm"] {
  const { compression } = frontEnd;
  const rate = compressionRate(frontEnd);
  if (compression.kind !== "powerToDb") return { scale: compression.scale, floor: 1, rate };
  // powerToDb clips at its floor instead of adding it; values there are below any noise that is added.
  const { amin, ref } = compression;
  const reference = Math.max(amin, ref);
  return { scale: 1 / reference, floor: amin / reference, rate };
}

/**
 * Returns the random changes to training segments, or undefined for none: those of the strength `augment`, which grow with
 * it, except for what `augmentation` sets.
 */
export function augmentationOf(
  frontEnd: FrontEnd,
  { augment, augmentation, segmentFrames }: Pick<TrainConfig, "augment" | "augmentation" | "segmentFrames">,
): Augmentation | undefined {
  if (augment === 0 && Object.keys(augmentation).length === 0) return undefined;
  return {
    ...ofStrength(augment, { segmentFrames, nMels: frontEnd.nMels }),
    ...augmentation,
    logarithm: logarithm(frontEnd),
    power: frontEnd.power,
    frameSec: frontEnd.hopLength / frontEnd.sampleRate,
  };
}

function ofStrength(
  strength: number,
  { segmentFrames, nMels }: { segmentFrames: number; nMels: number },
): AugmentationSettings {
  return {
    levelDb: 12 * strength,
    colourDb: 6 * strength,
    colourOrders: 6,
    filter: 0,
    envelopeDb: 4 * strength,
    reverbSec: 0,
    noiseMinDb: -90,
    noiseMaxDb: -90 + 40 * strength,
    bandShift: (nMels / 40) * strength,
    bandStretch: 0.08 * strength,
    frameStretch: 0.25 * strength,
    frameShift: (segmentFrames / 8) * strength,
    timeMaskFrames: Math.round((segmentFrames / 5) * strength),
    timeMaskCount: 2,
    bandMaskBands: Math.round((nMels / 8) * strength),
    bandMaskCount: 2,
    mixup: Math.min(0.5, 0.3 * strength),
    mixStyle: 0,
  };
}
