import { Random } from "../../src/core/random.js";
import type { Compass } from "./labels.js";

/** A set of pipes or reeds of one kind, one for each key; or the tone wheels behind a set of drawbars. */
export interface Rank {
  readonly family: "flue" | "reed" | "tone wheel";
  /** Interval above the key [semitones]: 0 for 8', 12 for 4', -12 for 16', 19 for 2 2/3' ... */
  readonly semitones: number;
  /** Levels of the partials at middle C [dB]. */
  readonly partialsDb: readonly number[];
  /** How much each partial loses from one octave to the next higher [dB]: high pipes are duller. */
  readonly lossDb: number;
  /** Partials vary from pipe to pipe by this standard deviation [dB]. */
  readonly unevennessDb: number;
  readonly gainDb: number;
  readonly detuneCents: number;
  readonly attackSec: number;
  readonly releaseSec: number;
  /** Level of the noise with which a pipe begins to speak, or a contact closes, relative to the tone [dB]; how long it lasts [s]. */
  readonly chiffDb: number;
  readonly chiffSec: number;
}

/** An organ. Everything that stays the same from clip to clip. */
export interface Organ {
  readonly kind: "pipes" | "tone wheels" | "reeds";
  readonly compass: Compass;
  readonly ranks: readonly Rank[];
  /** Slow changes of the wind: amplitude [dB] and pitch [cents], standard deviations. */
  readonly windDb: number;
  readonly windCents: number;
  /** Rate [Hz] of its tremulant or rotating loudspeaker; it moves amplitude [fraction] and pitch [cents]. */
  readonly tremulantHz: number;
  readonly tremulantDepth: number;
  readonly tremulantCents: number;
  /** Level of the wind's noise relative to a tone [dB]. */
  readonly hissDb: number;
}

/**
 * Families of pipes: slope of their partials [dB a partial], their number, level of the even ones relative to the odd ones
 * [dB], and which partial is the strongest.
 * Reference: Fletcher and Rossing, The Physics of Musical Instruments, 2nd edition (1998), chapter 17.
 */
const PIPES = {
  principal: { slope: [3.5, 7], nPartials: 14, evenDb: [-4, 2], strongest: [1, 2] },
  "open flute": { slope: [8, 14], nPartials: 8, evenDb: [-6, 0], strongest: [1, 1] },
  "stopped flute": { slope: [6, 11], nPartials: 9, evenDb: [-34, -16], strongest: [1, 1] },
  string: { slope: [1.5, 3.5], nPartials: 26, evenDb: [-3, 3], strongest: [1, 4] },
  trumpet: { slope: [1.2, 2.6], nPartials: 32, evenDb: [-3, 3], strongest: [2, 6] },
  clarinet: { slope: [1.5, 3.5], nPartials: 28, evenDb: [-18, -6], strongest: [1, 3] },
} as const;
type PipeFamily = keyof typeof PIPES;

const FLUES: readonly PipeFamily[] = ["principal", "open flute", "stopped flute", "string"];

/** Drawbars: partials of 16', whose pitch is an octave below the key. */
export const DRAWBARS = [1, 3, 2, 4, 6, 8, 10, 12, 16] as const;

/** Levels of partials that fall by a slope on both sides of the strongest one [dB]. */
function drawPartials(
  random: Random,
  { slope, nPartials, evenDb, strongest }: (typeof PIPES)[PipeFamily],
): number[] {
  const perPartial = random.uniform(...slope);
  const peak = random.uniform(...strongest);
  const even = random.uniform(...evenDb);
  return Array.from({ length: nPartials }, (_, i) => {
    const partial = i + 1;
    const fall = partial < peak ? (peak - partial) * random.uniform(1, 5) : (partial - peak) * perPartial;
    return -fall + (partial % 2 === 0 ? even : 0) + 3 * random.normal();
  });
}

function drawPipeRank(random: Random, family: PipeFamily, semitones: number): Rank {
  const isReed = family === "trumpet" || family === "clarinet";
  return {
    family: isReed ? "reed" : "flue",
    semitones,
    partialsDb: drawPartials(random, PIPES[family]),
    lossDb: random.uniform(0.5, 2),
    unevennessDb: random.uniform(0.5, 2.5),
    // Higher ranks are softer.
    gainDb: -Math.max(0, semitones) * random.uniform(0.1, 0.35) + random.uniform(-4, 2),
    detuneCents: 2 * random.normal(),
    attackSec: isReed ? random.uniform(0.01, 0.04) : random.uniform(0.02, 0.12),
    releaseSec: random.uniform(0.03, 0.15),
    chiffDb: isReed ? -50 : random.uniform(-40, -12),
    chiffSec: random.uniform(0.015, 0.07),
  };
}

/** Intervals of further flue ranks above the key [semitones]: 8', 4', 2 2/3', 2', 1 3/5', 1 1/3', 1'. */
const UPPER_RANKS = [0, 12, 12, 19, 24, 28, 31, 36];

function drawPipeRanks(random: Random): Rank[] {
  const ranks = [drawPipeRank(random, "principal", 0), drawPipeRank(random, random.pick(FLUES), -12)];
  for (let n = 3 + random.integer(5); n > 0; n--)
    ranks.push(drawPipeRank(random, random.pick(FLUES), random.pick(UPPER_RANKS)));
  for (let n = random.integer(3); n > 0; n--)
    ranks.push(drawPipeRank(random, random.pick(["trumpet", "clarinet"]), random.pick([0, 0, -12, 12])));
  return ranks;
}

/** Two or three rows of free reeds, a few cents apart. */
function drawReedRanks(random: Random): Rank[] {
  const apartCents = random.uniform(1, 12);
  return [0, random.pick([0, 12, -12]), random.pick([0, 12, -12])]
    .slice(0, 2 + random.integer(2))
    .map((semitones, i) => ({
      ...drawPipeRank(random, "trumpet", semitones),
      detuneCents: (i - 1) * apartCents,
      attackSec: random.uniform(0.03, 0.18),
      releaseSec: random.uniform(0.04, 0.12),
    }));
}

/** One rank, whose partials are drawn anew for each clip: the drawbars. */
function drawToneWheels(random: Random): Rank[] {
  return [
    {
      family: "tone wheel",
      semitones: -12,
      partialsDb: DRAWBARS.map(() => 1.5 * random.normal()),
      lossDb: 0,
      unevennessDb: random.uniform(0.3, 1.5),
      gainDb: 0,
      detuneCents: 0,
      attackSec: random.uniform(0.002, 0.012),
      releaseSec: random.uniform(0.005, 0.03),
      chiffDb: random.uniform(-40, -14),
      chiffSec: random.uniform(0.002, 0.012),
    },
  ];
}

/** The organ of a number: of ten, six have pipes, three tone wheels, and one reeds. */
export function drawOrgan(index: number): Organ {
  const random = new Random(`organ/${index}`);
  const of10 = index % 10;
  const kind = of10 % 3 === 1 ? "tone wheels" : of10 === 9 ? "reeds" : "pipes";
  const ranks = { pipes: drawPipeRanks, reeds: drawReedRanks, "tone wheels": drawToneWheels }[kind](random);
  const isRotor = kind === "tone wheels" && random.uniform() < 0.7;
  return {
    kind,
    compass: { label: "organ", playsChords: true, low: 36, high: 96 },
    ranks,
    windDb: kind === "tone wheels" ? 0 : random.uniform(0.1, 0.6),
    windCents: kind === "tone wheels" ? 0 : random.uniform(0.3, 2),
    tremulantHz: isRotor
      ? random.pick([random.uniform(0.6, 1), random.uniform(5.8, 7.2)])
      : random.uniform(4, 7),
    tremulantDepth: random.uniform(0.04, isRotor ? 0.3 : 0.15),
    tremulantCents: random.uniform(2, isRotor ? 16 : 10),
    hissDb: kind === "tone wheels" ? -75 : random.uniform(-70, -48),
  };
}
