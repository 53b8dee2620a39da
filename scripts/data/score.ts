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
