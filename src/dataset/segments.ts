import type { Random } from "../core/random.js";

/**
 * First frames of the segments on which a clip is evaluated: the fewest that cover it, evenly spaced, the first at its
 * beginning and the last at its end; they overlap unless the clip is a whole number of segments long.
 * A clip shorter than a segment gives one segment, to be padded with silence at its end.
 * @param nFrames length of the clip [frames], at least 1
 * @param segmentFrames length of a segment [frames], at least 1
 */
export function segmentStarts(nFrames: number, segmentFrames: number): number[] {
  const nSegments = Math.max(1, Math.ceil(nFrames / segmentFrames));
  const lastStart = Math.max(0, nFrames - segmentFrames);
  return Array.from({ length: nSegments }, (_, i) =>
    nSegments === 1 ? 0 : Math.round((i * lastStart) / (nSegments - 1)),
  );
}

/** First frame of a segment drawn at random inside a clip; 0 if the clip is not longer than the segment. */
export function randomStart(nFrames: number, segmentFrames: number, random: Random): number {
  return nFrames > segmentFrames ? random.integer(nFrames - segmentFrames + 1) : 0;
}
