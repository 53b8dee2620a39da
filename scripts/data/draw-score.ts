import type { Random } from "../../src/core/random.js";
import { compassOf, keyAt } from "./compass.js";
import { type Compass, SUSTAINED_LABELS } from "./labels.js";
import { drawChord, drawPhrase, drawVelocity } from "./phrases.js";
import type { ClipPlan } from "./plan.js";
import { CLIP_SEC, type Curve, type Note, type Score, type Stop, UNISON } from "./score.js";

/** Fraction of varied clips that are phrases. */
const PHRASE_FRACTION = 0.42;
/** Fraction of the other varied clips that are chords, in families that play them. */
const CHORD_FRACTION = 0.15;
/** Fraction of single notes (not drums) heard from the middle, like later segments of a long recording ... */
const MIDDLE_FRACTION = 0.2;
/** ... and of those heard from the moment on at which they end, or later. */
const TAIL_FRACTION = 0.1;
/** Latest beginning of such a clip after the note's onset [s]. */
export const MAX_SKIP_SEC = 4.5;

/** MIDI controllers of the synthesizer's voice. */
const MODULATION_WHEEL = 1;
const RESONANCE = 71;
const RELEASE_TIME = 72;
const ATTACK_TIME = 73;
const BRIGHTNESS = 74;
const DECAY_TIME = 75;

const SEMITONE_CENTS = 100;
/** Farthest key whose samples are bent back to a pitch [semitones]. */
const MAX_SHIFT = 7.49;

/** Intervals of an organ's ranks above the key [semitones], by their length in feet: 8', 4', 16', 2 2/3', 2', ... */
const FOOTAGES = { eight: 0, others: [12, 12, -12, 19, 24, 28, 31, 36, 7] } as const;

/** A note length [s]: a fifth of them staccato, half of them held for more than 1.2 s. */
function drawDurationSec(random: Random): number {
  const kind = random.uniform();
  if (kind < 0.2) return random.uniform(0.08, 0.3);
  if (kind < 0.5) return random.uniform(0.3, 1.2);
  return random.uniform(1.2, 3.5);
}

/** An onset [s]: mostly at the beginning of the clip, now and then up to 2 s into it. */
function drawOnsetSec(random: Random): number {
  const kind = random.uniform();
  if (kind < 0.55) return random.uniform(0, 0.05);
  return kind < 0.85 ? random.uniform(0.05, 0.5) : random.uniform(0.5, 2);
}

interface Played {
  readonly notes: readonly Note[];
  readonly skipSec: number;
  readonly bendCents: Curve;
}

/** One note, from its onset, from its middle, or from its end on. */
function drawNote(random: Random, key: number, { low, high }: Compass): Played {
  const onsetSec = drawOnsetSec(random);
  const velocity = drawVelocity(random);
  const note = (startSec: number, durationSec: number): Note[] => [
    { startSec, endSec: startSec + durationSec, key, velocity },
  ];
  const kind = low === high ? 1 : random.uniform();
  const bendCents: Curve = [[0, 0]];
  if (kind < TAIL_FRACTION) {
    const durationSec = random.uniform(0.15, 3);
    return { notes: note(0, durationSec), skipSec: durationSec + random.uniform(-0.3, 0.3), bendCents };
  }
  if (kind < TAIL_FRACTION + MIDDLE_FRACTION) {
    const skipSec = random.uniform(0.1, MAX_SKIP_SEC);
    return { notes: note(0, skipSec + random.uniform(1, 3.5)), skipSec, bendCents };
  }
  return { notes: note(onsetSec, drawDurationSec(random)), skipSec: 0, bendCents };
}

/** What is played: a phrase, a chord or a note. */
function drawPlayed(random: Random, key: number, compass: Compass): Played {
  if (random.uniform() < PHRASE_FRACTION) {
    // One in four is heard from its middle on.
    const skipSec = random.uniform() < 0.25 ? random.uniform(0.3, 2.5) : 0;
    return { ...drawPhrase(random, key, compass, skipSec + CLIP_SEC - 0.3), skipSec };
  }
  if (compass.playsChords && random.uniform() < CHORD_FRACTION) {
    const startSec = drawOnsetSec(random);
    const notes = drawChord(random, key, compass, [startSec, startSec + drawDurationSec(random)]);
    return { notes, skipSec: 0, bendCents: [[0, 0]] };
  }
  return drawNote(random, key, compass);
}

/** Adds a pedal tone, held below a phrase or chord. */
function withPedal(random: Random, played: Played, { low }: Compass): Played {
  const lowest = Math.min(...played.notes.map(({ key }) => key));
  if (lowest === low) return played;
  const startSec = Math.min(...played.notes.map((note) => note.startSec));
  const endSec = Math.max(...played.notes.map((note) => note.endSec));
  const key = low + random.integer(Math.min(12, lowest - low));
  return { ...played, notes: [{ startSec, endSec, key, velocity: drawVelocity(random) }, ...played.notes] };
}

/** A MIDI controller value around the middle, 64. */
function around(random: Random, spread: number): number {
  return Math.round(Math.min(127, Math.max(0, 64 + spread * random.normal())));
}

/** Another instrument from the same samples: filter and envelope of the synthesizer's voice moved from the preset's. */
function drawControllers(random: Random, isSustained: boolean): [number, number][] {
  const controllers: [number, number][] = [];
  if (random.uniform() < 0.65) controllers.push([BRIGHTNESS, around(random, 22)]);
  if (random.uniform() < 0.25) controllers.push([RESONANCE, around(random, 18)]);
  if (random.uniform() < 0.35) controllers.push([ATTACK_TIME, around(random, isSustained ? 14 : 8)]);
  if (random.uniform() < 0.35) controllers.push([DECAY_TIME, around(random, 18)]);
  if (random.uniform() < 0.4) controllers.push([RELEASE_TIME, around(random, 16)]);
  if (isSustained && random.uniform() < 0.15)
    controllers.push([MODULATION_WHEEL, Math.round(random.uniform(10, 60))]);
  return controllers;
}

/** Growing, fading, or both in turn. */
function drawExpression(random: Random, fromSec: number): Curve {
  const [soft, loud] = [random.uniform(40, 90), 127];
  const toSec = fromSec + random.uniform(0.8, CLIP_SEC);
  const kind = random.integer(3);
  if (kind === 0)
    return [
      [fromSec, soft],
      [toSec, loud],
    ];
  if (kind === 1)
    return [
      [fromSec, loud],
      [toSec, soft],
    ];
  return [
    [fromSec, soft],
    [fromSec + random.uniform(0.3, 0.7) * (toSec - fromSec), loud],
    [toSec, random.uniform(40, 110)],
  ];
}

/** A registration: 8' with up to four other ranks, each with its level. */
export function drawStops(random: Random): Stop[] {
  const others = random.shuffle(FOOTAGES.others).slice(0, random.integer(5));
  return [
    { semitones: FOOTAGES.eight, gainDb: random.uniform() < 0.15 ? -12 : 0 },
    ...[...new Set(others)].map((semitones) => ({ semitones, gainDb: random.uniform(-18, 0) })),
  ];
}

/** Fraction of an organ's varied clips that have more than one rank. */
const MIXTURE_FRACTION = 0.6;
/** Fraction of its phrases and chords that have a pedal tone. */
const PEDAL_FRACTION = 0.25;

/**
 * Draws a score for a varied clip: phrases, chords and notes, with random changes of the voice's brightness, envelope,
 * tuning, vibrato and loudness; of an organ, a registration.
 */
export function drawScore(clip: ClipPlan, random: Random, attempt: number): Score {
  const compass = compassOf(clip);
  const isDrum = clip.source.drumKey !== null;
  const isSustained = SUSTAINED_LABELS.has(clip.label);
  const key = keyAt(compass, attempt === 0 ? clip.pitch : random.uniform());
  const isOrgan = clip.label === "organ";
  const drawn = drawPlayed(random, key, compass);
  const hasPedal = isOrgan && drawn.notes.length > 1 && random.uniform() < PEDAL_FRACTION;
  const played = hasPedal ? withPedal(random, drawn, compass) : drawn;
  const controllers = drawControllers(random, isSustained);

  // Another key, bent back to the pitch: the same note from other raw samples, or from the same ones stretched, which
  // shifts their formants.
  let detuneCents = random.normal() * 10;
  let shift = 0;
  if (isDrum) {
    if (random.uniform() < 0.6) detuneCents += random.normal() * 200;
  } else if (random.uniform() < 0.5) shift = Math.round(random.uniform(-MAX_SHIFT, MAX_SHIFT));
  const notes = played.notes.map((note) => ({
    ...note,
    key: Math.min(120, Math.max(12, note.key + shift)),
  }));
  const bendCents = played.bendCents.map(
    ([sec, cents]) => [sec, cents + detuneCents - shift * SEMITONE_CENTS] as const,
  );
  const vibrato =
    isSustained && !isOrgan && random.uniform() < 0.35
      ? {
          depthCents: random.uniform(5, 45),
          rateHz: random.uniform(4, 7),
          delaySec: random.uniform(0, 0.6),
        }
      : null;
  const expression = isSustained && random.uniform() < 0.25 ? drawExpression(random, played.skipSec) : null;
  const unisonCents = !isDrum && random.uniform() < 0.12 ? random.uniform(5, 22) : 0;
  const stops = isOrgan && random.uniform() < MIXTURE_FRACTION ? drawStops(random) : UNISON;
  return {
    notes,
    skipSec: played.skipSec,
    durationSec: CLIP_SEC,
    controllers,
    bendCents,
    vibrato,
    expression,
    unisonCents,
    stops,
  };
}
