import { compressionRate, type FrontEnd, silenceValue } from "../features/front-end.js";
import type { SegmentWeightTerms } from "../nn/segment-weight.js";

/**
 * What the weight of a segment is computed from.
 * @param exponent see `Calibration.levelExponent`
 * @returns undefined if all segments weigh the same
 */
export function segmentWeightTerms(
  frontEnd: FrontEnd,
  exponent: number | undefined,
): SegmentWeightTerms | undefined {
  if (exponent === undefined || exponent === 0) return undefined;
  const { compression, power } = frontEnd;
  const gain =
    compression.kind === "powerToDb" ? Math.max(compression.amin, compression.ref) : 1 / compression.scale;
  // mel = gain * (exp(slope * x) - exp(slope * silence))
  return { slope: compressionRate(frontEnd), gain, silence: silenceValue(frontEnd), power, exponent };
}
