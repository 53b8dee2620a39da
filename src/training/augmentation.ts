import type { FrontEnd } from "../features/front-end.js";
import type { Augmentation } from "../nn/augmentation.js";

/** Writes the compression as y = log(scale * x + floor) / rate. */
function logarithm({ compression }: FrontEnd): Augmentation["logarithm"] {
  // powerToDb clips at its floor instead of adding it; values there are below any noise that is added.
  if (compression.kind === "powerToDb") {
    const { amin, ref } = compression;
    const reference = Math.max(amin, ref);
    return { scale: 1 / reference, floor: amin / reference, rate: Math.LN10 / 10 };
  }
  return { scale: compression.scale, floor: 1, rate: compression.kind === "log10" ? Math.LN10 : 1 };
}

/**
 * Returns the random changes to training segments for a strength. The shipped model was trained with 0.5; short runs do
 * better with less.
 * @param strength greater than 0; levels, curves and masks grow with it
 */
export function augmentationOf(frontEnd: FrontEnd, segmentFrames: number, strength: number): Augmentation {
  return {
    logarithm: logarithm(frontEnd),
    power: frontEnd.power,
    levelDb: 12 * strength,
    colourDb: 6 * strength,
    envelopeDb: 4 * strength,
    noiseDb: [-90, -90 + 40 * strength],
    bandShift: (frontEnd.nMels / 40) * strength,
    bandStretch: 0.08 * strength,
    frameStretch: 0.25 * strength,
    frameShift: (segmentFrames / 8) * strength,
    timeMask: { frames: Math.round((segmentFrames / 5) * strength), count: 2 },
    bandMask: { bands: Math.round((frontEnd.nMels / 8) * strength), count: 2 },
    mixup: Math.min(0.5, 0.3 * strength),
  };
}
