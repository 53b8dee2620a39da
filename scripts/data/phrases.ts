import type { Random } from "../../src/core/random.js";
import type { Compass, Label } from "./labels.js";
import type { Curve, Note } from "./score.js";

/** Something played: two or more strokes, and the bend of their pitch [cents]. */
export interface Phrase {
  readonly notes: readonly Note[];
  readonly bendCents: Curve;
}

/** Families that slide from pitch to pitch. */
const GLIDE_LABELS: ReadonlySet<Label> = new Set([
  "guitar",
  "bass",
  "string",
  "vocal",
  "brass",
  "reed",
  "flute",
]);

const SEMITONE_CENTS = 100;
const ONSET_SEC = 0.02;
/** No stroke begins in the last part of a phrase [s], where it would hardly be heard. */
const LAST_ONSET_SEC = 0.15;
const LONGEST_BEAT_SEC = 0.8;
const SHORTEST_STEP_SEC = 0.08;
/** Most strokes of a phrase that is not a roll. */
const MAX_STROKES = 8;
/** Largest distance from the struck key to a pitch that is reached by gliding [semitones]. */
const MAX_GLIDE = 7;

const SCALES = [
  [0, 2, 4, 5, 7, 9, 11], // major
  [0, 2, 3, 5, 7, 8, 10], // natural minor
  [0, 2, 3, 5, 7, 9, 10], // Dorian
  [0, 2, 4, 7, 9], // pentatonic
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], // chromatic
];
/**
 * Steps of a melody [degrees of the scale]: half of them are seconds, a quarter thirds.
 * Reference: Vos and Troost, Ascending and descending melodic intervals, Music Perception 6 (1989): small intervals are
 * the most frequent ones.
 */
const STEPS = [0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4];
const CHORDS = [
  [0, 7],
  [0, 12],
  [0, 4],
  [0, 3],
  [0, 4, 7],
  [0, 3, 7],
  [0, 5, 9],
  [0, 3, 8],
  [0, 4, 7, 12],
  [0, 3, 7, 12],
  [0, 4, 7, 10],
  [0, 7, 12, 16],
];
/** Rhythms, repeated as needed [beats]. */
const RHYTHMS = [[1], [1], [1, 0.5, 0.5], [1.5, 0.5], [0.75, 0.25], [2, 1, 1], [0.5, 0.5, 1], [2, 2, 1]];

function clampVelocity(velocity: number): number {
  return Math.round(Math.min(127, Math.max(20, velocity)));
}

/** A velocity from soft to loud; medium ones are more frequent. */
export function drawVelocity(random: Random): number {
  return Math.round(36 + 91 * ((random.uniform() + random.uniform()) / 2) ** 0.85);
}

/** Onsets of two strokes or more [s], and the time until the next one would come. */
function drawRhythm(random: Random, lengthSec: number): { startSec: number; stepSec: number }[] {
  const nStrokes = 2 + random.integer(MAX_STROKES - 1);
  const rhythm = random.pick(RHYTHMS);
  const beats = Array.from({ length: nStrokes }, (_, i) => rhythm[i % rhythm.length]);
  const nBeats = beats.reduce((sum, n) => sum + n, 0);
  const beatSec = Math.min(LONGEST_BEAT_SEC, (lengthSec * random.uniform(0.3, 1)) / nBeats);
  const strokes: { startSec: number; stepSec: number }[] = [];
  let startSec = ONSET_SEC;
  for (const n of beats) {
    // Players are not exact to a few milliseconds.
    const stepSec = Math.max(SHORTEST_STEP_SEC, n * beatSec * random.uniform(0.96, 1.04));
    if (strokes.length < 2 || startSec < lengthSec - LAST_ONSET_SEC) strokes.push({ startSec, stepSec });
    startSec += stepSec;
  }
  return strokes;
}

/** A melody that begins at `key` and stays within `low` and `high`. */
function drawMelody(
  random: Random,
  nNotes: number,
  key: number,
  { low, high }: { low: number; high: number },
): number[] {
  const scale = random.pick(SCALES);
  const keyOf = (degree: number) => {
    const octave = Math.floor(degree / scale.length);
    return key + 12 * octave + scale[degree - octave * scale.length];
  };
  const isInside = (degree: number) => keyOf(degree) >= low && keyOf(degree) <= high;
  const keys = [key];
  let degree = 0;
  let direction = random.pick([1, -1]);
  while (keys.length < nNotes) {
    if (random.uniform() < 0.35) direction = -direction;
    const step = random.pick(STEPS);
    const next = [direction * step, -direction * step, 0].find((by) => isInside(degree + by)) ?? 0;
    degree += next;
    keys.push(keyOf(degree));
  }
  return keys;
}

/** How long strokes sound, as a fraction of the time until the next one: legato overlaps. */
function drawArticulation(random: Random): number {
  const kind = random.uniform();
  if (kind < 0.4) return random.uniform(1.02, 1.25);
  if (kind < 0.75) return random.uniform(0.7, 0.98);
  return random.uniform(0.15, 0.5);
}

/** Ends a note before the same key is struck again, whose end would otherwise be the new note's. */
function withoutOverlapOfKeys(notes: readonly Note[]): Note[] {
  return notes.map((note) => {
    const again = notes.find((other) => other.key === note.key && other.startSec > note.startSec);
    return again === undefined ? note : { ...note, endSec: Math.min(note.endSec, again.startSec - 0.006) };
  });
}

/** One note after the other. */
function drawLine(random: Random, key: number, compass: Compass, lengthSec: number): Note[] {
  const strokes = drawRhythm(random, lengthSec);
  const isRepeated = random.uniform() < 0.2;
  const keys = isRepeated ? strokes.map(() => key) : drawMelody(random, strokes.length, key, compass);
  const articulation = drawArticulation(random);
  const velocity = drawVelocity(random);
  const slope = random.uniform(-20, 20) / strokes.length;
  return strokes.map(({ startSec, stepSec }, i) => ({
    startSec,
    endSec: startSec + stepSec * articulation * (i === strokes.length - 1 ? random.uniform(1, 3) : 1),
    key: keys[i],
    velocity: clampVelocity(velocity + slope * i + random.uniform(-10, 10)),
  }));
}

/** The keys of a chord, from low to high; at least one. */
function drawChordKeys(random: Random, key: number, { low, high }: Compass): number[] {
  return random
    .pick(CHORDS)
    .map((interval) => key + interval)
    .filter((one, i) => i === 0 || (one >= low && one <= high));
}

/** Two to four notes at once, or strummed. */
export function drawChord(random: Random, key: number, compass: Compass, at: [number, number]): Note[] {
  const [startSec, endSec] = at;
  const strumSec = random.uniform() < 0.4 ? random.uniform(0.008, 0.05) : 0;
  const velocity = drawVelocity(random);
  return drawChordKeys(random, key, compass).map((one, i) => ({
    startSec: startSec + i * strumSec,
    endSec: Math.max(endSec, startSec + i * strumSec + 0.05),
    key: one,
    velocity: clampVelocity(velocity + random.uniform(-8, 8)),
  }));
}

/** Chords one after the other. */
function drawChords(random: Random, key: number, compass: Compass, lengthSec: number): Note[] {
  const strokes = drawRhythm(random, lengthSec).slice(0, 5);
  const roots = drawMelody(random, strokes.length, key, compass);
  const articulation = drawArticulation(random);
  return strokes.flatMap(({ startSec, stepSec }, i) =>
    drawChord(random, roots[i], compass, [startSec, startSec + stepSec * articulation]),
  );
}

/** The notes of a chord one by one; each ends with its step, or rings on to the end. */
function drawBrokenChord(random: Random, key: number, compass: Compass, lengthSec: number): Note[] {
  const strokes = drawRhythm(random, lengthSec);
  const up = drawChordKeys(random, key, compass);
  const order = random.pick([up, [...up].reverse(), [...up, ...up.slice(1, -1).reverse()]]);
  const ringSec = random.uniform() < 0.6 ? strokes[strokes.length - 1].startSec + random.uniform(0.3, 2) : 0;
  const velocity = drawVelocity(random);
  return strokes.map(({ startSec, stepSec }, i) => ({
    startSec,
    endSec: Math.max(ringSec, startSec + stepSec * 0.95),
    key: order[i % order.length],
    velocity: clampVelocity(velocity + random.uniform(-10, 10)),
  }));
}

/** A melody on one note: its later pitches are reached by bending. */
function drawGlides(random: Random, key: number, compass: Compass, lengthSec: number): Phrase {
  const strokes = drawRhythm(random, lengthSec).slice(0, 4);
  const [low, high] = [Math.max(compass.low, key - MAX_GLIDE), Math.min(compass.high, key + MAX_GLIDE)];
  const keys = drawMelody(random, strokes.length, key, { low, high });
  const bendCents: [number, number][] = [[0, 0]];
  strokes.slice(1).forEach(({ startSec, stepSec }, i) => {
    const glideSec = Math.min(0.8 * stepSec, random.uniform(0.03, 0.25));
    bendCents.push([startSec, (keys[i] - key) * SEMITONE_CENTS]);
    bendCents.push([startSec + glideSec, (keys[i + 1] - key) * SEMITONE_CENTS]);
  });
  const last = strokes[strokes.length - 1];
  const endSec = last.startSec + last.stepSec * random.uniform(0.8, 2);
  return { notes: [{ startSec: ONSET_SEC, endSec, key, velocity: drawVelocity(random) }], bendCents };
}

/** Bends into some of the notes from below or above, and now and then the last one down. */
function drawScoops(random: Random, notes: readonly Note[]): Curve {
  const bend: [number, number][] = [[0, 0]];
  let freeSec = 0;
  for (const { startSec } of notes) {
    if (startSec < freeSec || random.uniform() < 0.4) continue;
    bend.push([Math.max(startSec - 0.004, freeSec), 0], [startSec, random.uniform(-200, 60)]);
    freeSec = startSec + random.uniform(0.03, 0.15);
    bend.push([freeSec, 0]);
  }
  const { startSec, endSec } = notes[notes.length - 1];
  const fallSec = Math.max(startSec + 0.1, freeSec, endSec - 0.3);
  if (random.uniform() < 0.25 && fallSec < endSec)
    bend.push([fallSec, 0], [endSec + 0.1, random.uniform(-500, -100)]);
  return bend;
}

/** Strokes on one drum: a rhythm with accents, or a roll that grows or fades. */
function drawDrumming(random: Random, key: number, lengthSec: number): Note[] {
  const velocity = drawVelocity(random);
  if (random.uniform() < 0.25) {
    const stepSec = 1 / random.uniform(9, 22);
    const slope = random.uniform(-40, 50) / lengthSec;
    const endSec = random.uniform(0.4, lengthSec);
    return Array.from({ length: Math.max(3, Math.floor(endSec / stepSec)) }, (_, i) => {
      const startSec = ONSET_SEC + i * stepSec;
      const played = velocity + slope * startSec + random.uniform(-8, 8);
      return { startSec, endSec: startSec + 0.8 * stepSec, key, velocity: clampVelocity(played) };
    });
  }
  return drawRhythm(random, lengthSec).map(({ startSec, stepSec }, i) => ({
    startSec,
    endSec: startSec + 0.9 * stepSec,
    key,
    velocity: clampVelocity(velocity + (i % 2 === 0 ? 10 : -15) + random.uniform(-10, 10)),
  }));
}

/**
 * Draws what an instrument might play from a key on: a melody, a note repeated, chords, a broken chord, a melody of
 * glides; on a drum, a rhythm or a roll.
 * @param lengthSec time in which the strokes begin [s], at least 1
 */
export function drawPhrase(random: Random, key: number, compass: Compass, lengthSec: number): Phrase {
  const still: Curve = [[0, 0]];
  if (compass.low === compass.high)
    return { notes: withoutOverlapOfKeys(drawDrumming(random, key, lengthSec)), bendCents: still };
  const kind = random.uniform();
  if (compass.playsChords && kind < 0.55) {
    const draw = kind < 0.3 ? drawChords : drawBrokenChord;
    return { notes: withoutOverlapOfKeys(draw(random, key, compass, lengthSec)), bendCents: still };
  }
  const glides = GLIDE_LABELS.has(compass.label);
  if (glides && random.uniform() < 0.2) return drawGlides(random, key, compass, lengthSec);
  const notes = withoutOverlapOfKeys(drawLine(random, key, compass, lengthSec));
  return { notes, bendCents: glides && random.uniform() < 0.25 ? drawScoops(random, notes) : still };
}
