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

/**
 * First frames of the segments that begin every `hopFrames`, up to the first that reaches the clip's end, which is moved
 * back so that it ends there. A clip shorter than a segment gives one segment.
 * @param nFrames length of the clip [frames], at least 1
 * @param segmentFrames length of a segment [frames], at least 1
 * @param hopFrames distance of their beginnings [frames], at least 1; need not be an integer
 */
export function hopStarts(nFrames: number, segmentFrames: number, hopFrames: number): number[] {
  const lastStart = Math.max(0, nFrames - segmentFrames);
  const starts: number[] = [];
  for (let i = 0; ; i++) {
    const start = Math.round(i * hopFrames);
    if (start >= nFrames) return starts; // with a hop longer than a segment, between two segments
    starts.push(Math.min(start, lastStart));
    if (start >= lastStart) return starts;
  }
}

/** First frame of a segment drawn at random inside a clip; 0 if the clip is not longer than the segment. */
export function randomStart(nFrames: number, segmentFrames: number, random: Random): number {
  return nFrames > segmentFrames ? random.integer(nFrames - segmentFrames + 1) : 0;
}
