import { type FrontEnd, silenceValue } from "./front-end.js";

/**
 * Returns a function that turns features of a sound into those of the same sound at another level, in place.
 *
 * It inverts the compression. What `topDb` or `amin` of `powerToDb` have cut off stays cut off.
 * @param levelDb change of the level [dB]
 * Same as: `logMel` of the samples times the gain, within 1e-4; test/features/at-level.test.ts
 */
export function atLevel(frontEnd: FrontEnd, levelDb: number): (features: Float32Array) => void {
  const { compression, power } = frontEnd;
  if (compression.kind === "powerToDb") {
    // Mel values of power 1 change by half as many of these decibels.
    const shift = (levelDb * power) / 2;
    const least = silenceValue(frontEnd);
    return (features) => {
      for (let i = 0; i < features.length; i++) features[i] = Math.max(least, features[i] + shift);
    };
  }
  const gain = 10 ** ((levelDb * power) / 20);
  const perNeper = compression.kind === "log10" ? Math.LOG10E : 1;
  return (features) => {
    for (let i = 0; i < features.length; i++)
      features[i] = perNeper * Math.log1p(gain * Math.expm1(features[i] / perNeper));
  };
}
