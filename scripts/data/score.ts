import { CHORD_LABELS, type Label, PROGRAMS } from "./labels.js";
import type { ClipPlan } from "./plan.js";

export interface Note {
  /** Onset [s] from the start of the rendering. */
  readonly startSec: number;
  readonly endSec: number;
  /** MIDI note number. */
  readonly key: number;
  /** MIDI velocity, 1 to 127. */
  readonly velocity: number;
}

/** Points of a curve over the time of a rendering: straight between them, level before the first and after the last. */
export type Curve = readonly (readonly [sec: number, value: number])[];

/** A rank of pipes or a drawbar: what sounds with every note. */
export interface Stop {
  /** Interval above the key [semitones], e.g. -12 for 16', 19 for 2 2/3'. */
  readonly semitones: number;
  readonly gainDb: number;
}

/** What an instrument plays for one clip. */
export interface Score {
  readonly notes: readonly Note[];
  /** Time that is rendered and cut off before the clip begins [s], for clips that start in the middle of a note. */
  readonly skipSec: number;
  /** Length of the clip [s], from the end of what is skipped. */
  readonly durationSec: number;
  /** MIDI controllers set before the first note. */
  readonly controllers: readonly (readonly [controller: number, value: number])[];
  /** Pitch bend [cents]. */
  readonly bendCents: Curve;
  /** Vibrato, which begins anew with each note. */
  readonly vibrato: {
    readonly depthCents: number;
    readonly rateHz: number;
    readonly delaySec: number;
  } | null;
  /** Loudness, MIDI expression 0 to 127; null keeps it at 127. */
  readonly expression: Curve | null;
  /** Distance to a second player [cents]; 0 for no second player. */
  readonly unisonCents: number;
  readonly stops: readonly Stop[];
}

/** The key alone, as it is written. */
export const UNISON: readonly Stop[] = [{ semitones: 0, gainDb: 0 }];

/** Length of varied clips and of the test's [s]: a little more than 128 frames of 512 samples at 22 050 Hz. */
export const CLIP_SEC = 3;

/** Sample rate of what is synthesized without a font [Hz]. */
export const SYNTHESIS_RATE = 22050;

/** What an instrument can play: its family, the keys that it reaches [MIDI note numbers], and whether several at once. */
export interface Compass {
  readonly label: Label;
  readonly playsChords: boolean;
  readonly low: number;
  readonly high: number;
}

/** The compass of a clip's source; a drum has one key. */
export function compassOf({ source, label }: ClipPlan): Compass {
  const playsChords = CHORD_LABELS.has(label);
  if (source.drumKey !== null) return { label, playsChords, low: source.drumKey, high: source.drumKey };
  const { lowKey, highKey } = PROGRAMS.get(source.program)!;
  return { label, playsChords, low: lowKey, high: highKey };
}

/** The key at a position of the compass, `pitch` in [0, 1). */
export function keyAt({ low, high }: Compass, pitch: number): number {
  return low + Math.min(high - low, Math.floor(pitch * (high - low + 1)));
}

/** The value of a curve at a time. */
export function valueAt(curve: Curve, sec: number): number {
  let i = 0;
  while (i < curve.length && curve[i][0] <= sec) i++;
  if (i === 0) return curve[0][1];
  if (i === curve.length) return curve[i - 1][1];
  const [[fromSec, from], [toSec, to]] = [curve[i - 1], curve[i]];
  return from + ((to - from) * (sec - fromSec)) / (toSec - fromSec);
}

/** A score of notes that are neither bent nor otherwise changed. */
export function plainly(notes: readonly Note[], durationSec: number): Score {
  return {
    notes,
    skipSec: 0,
    durationSec,
    controllers: [],
    bendCents: [[0, 0]],
    vibrato: null,
    expression: null,
    unisonCents: 0,
    stops: UNISON,
  };
}

const PLAIN_VELOCITIES = [60, 90, 115];
const PLAIN_DURATIONS_SEC = [2.6, 1, 0.3];
/** Step to another pitch after an attempt that came out silent: the golden section spreads them. */
const NEXT_PITCH = 0.381966;

/** The clip's pitch in [0, 1) at an attempt. */
export function pitchAt(clip: ClipPlan, attempt: number): number {
  return (clip.pitch + attempt * NEXT_PITCH) % 1;
}

/**
 * One clean note: keys spread evenly over the range, velocities and lengths rotate.
 * @param index number that chooses velocity and length
 * @param attempt number of attempts that came out silent; the next one takes a key elsewhere in the range
 */
export function plainScore(clip: ClipPlan, attempt: number, index = clip.index): Score {
  const velocity = PLAIN_VELOCITIES[index % PLAIN_VELOCITIES.length];
  const durationSec =
    PLAIN_DURATIONS_SEC[Math.floor(index / PLAIN_VELOCITIES.length) % PLAIN_DURATIONS_SEC.length];
  const key = keyAt(compassOf(clip), pitchAt(clip, attempt));
  return plainly([{ startSec: 0.02, endSec: 0.02 + durationSec, key, velocity }], CLIP_SEC);
}
