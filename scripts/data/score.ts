import type { Random } from "../../src/core/random.js";
import { CHORD_LABELS, PROGRAMS, SUSTAINED_LABELS } from "./labels.js";
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

/** What the synthesizer plays for one clip. */
export interface Score {
  readonly notes: readonly Note[];
  /** Time that is rendered and cut off before the clip begins [s], for clips that start in the middle of a note. */
  readonly skipSec: number;
  /** MIDI controllers set before the first note. */
  readonly controllers: readonly (readonly [controller: number, value: number])[];
  /** Constant pitch bend [cents]. */
  readonly bendCents: number;
  readonly vibrato: {
    readonly depthCents: number;
    readonly rateHz: number;
    readonly delaySec: number;
  } | null;
  /** Loudness at the beginning and the end of the clip, MIDI expression 0 to 127; null keeps it at 127. */
  readonly swell: readonly [from: number, to: number] | null;
  /** Distance to a second player [cents]; 0 for no second player. */
  readonly unisonCents: number;
}

/** Length of a clip [s]: a little more than 128 frames of 512 samples at 22 050 Hz. */
export const CLIP_SEC = 3;

/** Fraction of single training notes (not drums) heard from the middle, like later segments of a long recording. */
const MIDDLE_FRACTION = 0.25;
/** Latest beginning of such a clip after the note's onset [s]. */
const MAX_SKIP_SEC = 4;

/** MIDI controllers of the synthesizer's voice. */
const MODULATION_WHEEL = 1;
const RESONANCE = 71;
const RELEASE_TIME = 72;
const ATTACK_TIME = 73;
const BRIGHTNESS = 74;

const SEMITONE_CENTS = 100;
const MAJOR = [0, 2, 4, 5, 7, 9, 11, 12];
const MINOR = [0, 2, 3, 5, 7, 8, 10, 12];
const CHORDS = [
  [0, 7],
  [0, 12],
  [0, 4, 7],
  [0, 3, 7],
  [0, 4, 7, 12],
  [0, 3, 7, 12],
  [0, 5, 9],
  [0, 4, 7, 10],
  [0, 7, 12, 16],
  [0, 4],
  [0, 3],
];

const PLAIN_VELOCITIES = [60, 90, 115];
const PLAIN_DURATIONS_SEC = [2.6, 1, 0.3];

/** The key range of a clip's source. */
function rangeOf({ source }: ClipPlan): { low: number; high: number } {
  if (source.drumKey !== null) return { low: source.drumKey, high: source.drumKey };
  const { lowKey, highKey } = PROGRAMS.get(source.program)!;
  return { low: lowKey, high: highKey };
}

function keyAt(clip: ClipPlan, pitch: number): number {
  const { low, high } = rangeOf(clip);
  return low + Math.min(high - low, Math.floor(pitch * (high - low + 1)));
}

/**
 * One clean note for the validation and test sets: keys spread evenly over the range, velocities and lengths rotate.
 * @param attempt number of attempts that came out silent; the next one takes a key elsewhere in the range
 */
export function plainScore(clip: ClipPlan, attempt: number): Score {
  const pitch = (clip.pitch + attempt * 0.381966) % 1;
  const velocity = PLAIN_VELOCITIES[clip.index % PLAIN_VELOCITIES.length];
  const durationSec =
    PLAIN_DURATIONS_SEC[Math.floor(clip.index / PLAIN_VELOCITIES.length) % PLAIN_DURATIONS_SEC.length];
  return {
    notes: [{ startSec: 0.02, endSec: 0.02 + durationSec, key: keyAt(clip, pitch), velocity }],
    skipSec: 0,
    controllers: [],
    bendCents: 0,
    vibrato: null,
    swell: null,
    unisonCents: 0,
  };
}

/** A velocity from soft to loud; medium ones are more frequent. */
function drawVelocity(random: Random): number {
  return Math.round(36 + 91 * ((random.uniform() + random.uniform()) / 2) ** 0.85);
}

/** A note length [s]: a fifth of them staccato, half of them held for more than 1.2 s. */
function drawDurationSec(random: Random): number {
  const kind = random.uniform();
  if (kind < 0.2) return random.uniform(0.08, 0.3);
  if (kind < 0.5) return random.uniform(0.3, 1.2);
  return random.uniform(1.2, 3.5);
}

function drawOnsetSec(random: Random): number {
  return random.uniform() < 0.6 ? random.uniform(0, 0.05) : random.uniform(0.05, 0.5);
}

/** Two to seven notes one after the other: a scale, a chord's notes or one note repeated. */
function drawPhrase(random: Random, key: number, low: number, high: number): Note[] {
  const nNotes = 2 + random.integer(6);
  const stepSec = random.uniform(0.16, 2.4 / nNotes + 0.1);
  const legato = random.uniform(0.4, 1.15);
  const scale = random.pick([MAJOR, MINOR]);
  const chord = random.pick(CHORDS);
  const kind = low === high ? "repeated" : random.pick(["scale", "chord", "repeated"]);
  const direction = random.pick([1, -1]);
  const velocity = drawVelocity(random);
  return Array.from({ length: nNotes }, (_, i) => {
    const steps = kind === "scale" ? scale[i % scale.length] : kind === "chord" ? chord[i % chord.length] : 0;
    const startSec = 0.02 + i * stepSec;
    return {
      startSec,
      endSec: startSec + stepSec * legato,
      key: Math.min(high, Math.max(low, key + direction * steps)),
      velocity: Math.round(Math.min(127, Math.max(25, velocity + random.uniform(-14, 14)))),
    };
  });
}

/** Two to four notes at once, or strummed. */
function drawChord(random: Random, key: number, low: number, high: number): Note[] {
  const startSec = drawOnsetSec(random);
  const durationSec = drawDurationSec(random);
  const strumSec = random.uniform() < 0.4 ? random.uniform(0.01, 0.06) : 0;
  const velocity = drawVelocity(random);
  const keys = random.pick(CHORDS).map((interval) => key + interval);
  return keys
    .filter((one) => one >= low && one <= high)
    .map((one, i) => ({
      startSec: startSec + i * strumSec,
      endSec: startSec + durationSec,
      key: one,
      velocity: Math.round(Math.min(127, Math.max(25, velocity + random.uniform(-8, 8)))),
    }));
}

/** A MIDI controller value around the middle, 64. */
function around(random: Random, spread: number): number {
  return Math.round(Math.min(127, Math.max(0, 64 + spread * random.normal())));
}

/**
 * Draws a score for a training clip: mostly one note, now and then a phrase or a chord, with random changes of the
 * voice's brightness, envelope, tuning, vibrato and loudness.
 */
export function drawScore(clip: ClipPlan, random: Random, attempt: number): Score {
  const { low, high } = rangeOf(clip);
  const isDrum = clip.source.drumKey !== null;
  const isSustained = SUSTAINED_LABELS.has(clip.label);
  const key = keyAt(clip, attempt === 0 ? clip.pitch : random.uniform());
  const kind = random.uniform();
  let skipSec = 0;
  let notes: Note[];
  if (kind < 0.12) notes = drawPhrase(random, key, low, high);
  else if (kind < 0.22 && CHORD_LABELS.has(clip.label)) notes = drawChord(random, key, low, high);
  else {
    const startSec = drawOnsetSec(random);
    let durationSec = drawDurationSec(random);
    if (!isDrum && random.uniform() < MIDDLE_FRACTION) {
      skipSec = startSec + random.uniform(0.1, MAX_SKIP_SEC);
      durationSec = skipSec + random.uniform(1, 3.5);
    }
    notes = [{ startSec, endSec: startSec + durationSec, key, velocity: drawVelocity(random) }];
  }

  const controllers: [number, number][] = [];
  if (random.uniform() < 0.6) controllers.push([BRIGHTNESS, around(random, 18)]);
  if (random.uniform() < 0.2) controllers.push([RESONANCE, around(random, 14)]);
  if (random.uniform() < 0.35) controllers.push([ATTACK_TIME, around(random, 10)]);
  if (random.uniform() < 0.35) controllers.push([RELEASE_TIME, around(random, 12)]);
  if (isSustained && random.uniform() < 0.15)
    controllers.push([MODULATION_WHEEL, Math.round(random.uniform(10, 60))]);

  // Another key, bent back to the pitch: the same note from other raw samples, or from the same ones stretched.
  let bendCents = random.normal() * 10;
  if (isDrum) {
    if (random.uniform() < 0.6) bendCents += random.normal() * 200;
  } else if (random.uniform() < 0.45) {
    const shift = Math.round(random.uniform(-4.49, 4.49));
    notes = notes.map((note) => ({ ...note, key: Math.min(120, Math.max(12, note.key + shift)) }));
    bendCents -= shift * SEMITONE_CENTS;
  }
  const vibrato =
    isSustained && clip.label !== "organ" && random.uniform() < 0.3
      ? {
          depthCents: random.uniform(5, 40),
          rateHz: random.uniform(4, 7),
          delaySec: random.uniform(0, 0.6),
        }
      : null;
  const swell: [number, number] | null =
    isSustained && random.uniform() < 0.2
      ? random.pick([
          [random.uniform(50, 90), 127],
          [127, random.uniform(50, 100)],
        ] as [number, number][])
      : null;
  const unisonCents = !isDrum && random.uniform() < 0.12 ? random.uniform(5, 22) : 0;
  return { notes, skipSec, controllers, bendCents, vibrato, swell, unisonCents };
}
