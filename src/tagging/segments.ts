import type { FrontEnd } from "../features/front-end.js";

/** A stretch of a clip [s]. */
export interface TimeSpan {
  readonly startSec: number;
  readonly endSec: number;
}

/** What decides when a clip's segments begin and end. */
export interface SegmentTiming {
  readonly frontEnd: FrontEnd;
  readonly segmentFrames: number;
  /** Distance of their beginnings [s]; null for the segments that the clip's answer is the mean of. */
  readonly hopSec: number | null;
  readonly durationSec: number;
}

/** Number of frames in a second. */
export function frameRate({ sampleRate, hopLength }: FrontEnd): number {
  return sampleRate / hopLength;
}

/**
 * The time of each segment. With a hop, segment i begins at i * hopSec, except that the last is moved back so that it ends
 * with the clip. Times are rounded to microseconds.
 * @param segments in order
 */
export function segmentTimes(
  segments: readonly { readonly first: number }[],
  timing: SegmentTiming,
): TimeSpan[] {
  const { frontEnd, segmentFrames, hopSec, durationSec } = timing;
  const framesPerSec = frameRate(frontEnd);
  return segments.map(({ first }, i) => {
    const isOnGrid = hopSec !== null && first === Math.round(i * hopSec * framesPerSec);
    const startSec = isOnGrid ? i * hopSec : first / framesPerSec;
    const isLast = i === segments.length - 1;
    const reachesEnd = isLast && (first + segmentFrames) / framesPerSec >= durationSec;
    const endSec = reachesEnd ? durationSec : Math.min(durationSec, startSec + segmentFrames / framesPerSec);
    return { startSec: toMicroseconds(Math.min(startSec, endSec)), endSec: toMicroseconds(endSec) };
  });
}

const toMicroseconds = (sec: number): number => Math.round(1e6 * sec) / 1e6;

/** A label of a segment, with its probability. */
interface Answer {
  readonly label: string;
  readonly probability: number;
}

/** A stretch of time that segments with the same answer cover without a gap. */
export interface TagEvent extends TimeSpan {
  readonly label: string;
  /** Mean probability of the label in these segments. */
  readonly probability: number;
}

/**
 * Merges segments into events: segments with the same label that touch or overlap are one event, from the beginning of the
 * first to the end of the last. Events of different labels may overlap.
 * @param segments with their labels, in order of time
 * @returns in order of their beginnings
 */
export function mergeIntoEvents(
  segments: readonly (TimeSpan & { readonly answers: readonly Answer[] })[],
): TagEvent[] {
  const events: { label: string; startSec: number; endSec: number; sum: number; nSegments: number }[] = [];
  const lastOf = new Map<string, (typeof events)[number]>();
  for (const { startSec, endSec, answers } of segments)
    for (const { label, probability } of answers) {
      const last = lastOf.get(label);
      if (last !== undefined && startSec <= last.endSec) {
        last.endSec = Math.max(last.endSec, endSec);
        last.sum += probability;
        last.nSegments++;
        continue;
      }
      const event = { label, startSec, endSec, sum: probability, nSegments: 1 };
      lastOf.set(label, event);
      events.push(event);
    }
  return events.map(({ label, startSec, endSec, sum, nSegments }) => ({
    startSec,
    endSec,
    label,
    probability: sum / nSegments,
  }));
}
