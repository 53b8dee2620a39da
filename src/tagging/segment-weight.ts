import { type FrontEnd, silenceValue } from "../features/front-end.js";
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
  return { ...inverse(frontEnd), silence: silenceValue(frontEnd), power: frontEnd.power, exponent };
}

/** The numbers with which mel values are gain * (exp(slope * x) - exp(slope * silence)) of the compressed ones. */
function inverse({ compression }: FrontEnd): Pick<SegmentWeightTerms, "slope" | "gain"> {
  if (compression.kind === "powerToDb")
    return { slope: Math.LN10 / 10, gain: Math.max(compression.amin, compression.ref) };
  return { slope: compression.kind === "log10" ? Math.LN10 : 1, gain: 1 / compression.scale };
}
