import { Random } from "../../src/core/random.js";
import type { Compass } from "./labels.js";

/**
 * First three formants of vowels [Hz], of men and of women: averages of 33 men and 28 women.
 * Reference: Peterson and Barney, Control methods used in a study of the vowels, JASA 24 (1952), table II.
 */
const VOWELS = {
  a: { men: [730, 1090, 2440], women: [850, 1220, 2810] },
  e: { men: [530, 1840, 2480], women: [610, 2330, 2990] },
  i: { men: [270, 2290, 3010], women: [310, 2790, 3310] },
  o: { men: [570, 840, 2410], women: [590, 920, 2710] },
  u: { men: [300, 870, 2240], women: [370, 950, 2670] },
} as const;
export type Vowel = keyof typeof VOWELS;
export const VOWEL_NAMES = Object.keys(VOWELS) as Vowel[];

/** Fourth and fifth formants of a man [Hz]; a woman's tract is shorter by `SHORTER`. */
const HIGH_FORMANTS = [3300, 3750];
export const SHORTER = 1.17;
/**
 * The formants above [Hz]: without them nothing would be left of a voice's highest frequencies. They
 * hardly move, so that a group's voices pass them together.
 */
const HIGHEST_FORMANTS = [5200, 6300, 7400, 8500];
/**
 * Where trained singers of low voices gather the third to fifth formant [Hz].
 * Reference: Sundberg, Articulatory interpretation of the "singing formant", JASA 55 (1974).
 */
const SINGERS_FORMANT = [2550, 2850, 3200];

/** Kinds of voices, with the keys that they sing and the fraction of the way from a man's formants to a woman's. */
const REGISTERS = [
  { name: "bass", low: 39, high: 63, womanhood: 0 },
  { name: "soprano", low: 60, high: 84, womanhood: 1 },
  { name: "tenor", low: 48, high: 71, womanhood: 0.1 },
  { name: "alto", low: 53, high: 77, womanhood: 0.9 },
  { name: "baritone", low: 43, high: 67, womanhood: 0 },
  { name: "mezzo-soprano", low: 57, high: 81, womanhood: 1 },
] as const;

/** A person. Everything that stays the same from clip to clip. */
export interface Person {
  readonly womanhood: number;
  /** Factor of all formants: the tract's length, inverted. */
  readonly scale: number;
  /** How far the upper formants are gathered, 0 to 1. */
  readonly singersFormant: number;
  /** Factor of all bandwidths. */
  readonly width: number;
  /** Fraction of each period in which the glottis is open. */
  readonly openQuotient: number;
  /** Cutoff of the low-pass that the closing glottis amounts to [Hz]. */
  readonly tiltHz: number;
  /** Level of the breath's noise relative to the voice. */
  readonly breath: number;
  /** Standard deviations from period to period, of pitch and of amplitude, as fractions. */
  readonly jitter: number;
  readonly shimmer: number;
  readonly vibratoCents: number;
  readonly vibratoHz: number;
  readonly vibratoDelaySec: number;
  /** Slow wandering of the pitch [cents]. */
  readonly wanderCents: number;
  readonly attackSec: number;
  readonly releaseSec: number;
  /** Distance from what is written [cents], and lateness [s]. */
  readonly detuneCents: number;
  readonly lateSec: number;
  /** Octaves from what is written [semitones]: men in a mixed choir sing an octave lower. */
  readonly octave: number;
}

/** One singer, or a group that sings together. */
export interface Singer {
  readonly compass: Compass;
  readonly people: readonly Person[];
  /** Formants above the fifth [Hz]. */
  readonly highest: readonly number[];
}

function drawPerson(random: Random, womanhood: number): Omit<Person, "detuneCents" | "lateSec" | "octave"> {
  const isTrained = random.uniform() < 0.6;
  return {
    womanhood,
    scale: 1 + 0.06 * random.normal(),
    singersFormant: isTrained ? random.uniform(0.3, 1) * (1 - 0.6 * womanhood) : 0,
    width: random.uniform(0.8, 1.7),
    openQuotient: random.uniform(0.45, 0.8),
    tiltHz: 450 * (4000 / 450) ** random.uniform(),
    breath: 10 ** (random.uniform(-44, -20) / 20),
    jitter: random.uniform(0.001, 0.008),
    shimmer: random.uniform(0.01, 0.06),
    vibratoCents: isTrained ? random.uniform(25, 90) : random.uniform(0, 25),
    vibratoHz: random.uniform(4.6, 6.8),
    vibratoDelaySec: random.uniform(0.05, 0.6),
    wanderCents: random.uniform(3, 14),
    attackSec: random.uniform(0.03, 0.2),
    releaseSec: random.uniform(0.06, 0.35),
  };
}

/** The singer of a number: the first half of every dozen sing alone, the others are 2 to 8. */
export function drawSinger(index: number): Singer {
  const random = new Random(`singer/${index}`);
  const register = REGISTERS[index % REGISTERS.length];
  const isAlone = index % (2 * REGISTERS.length) < REGISTERS.length;
  const nPeople = isAlone ? 1 : 2 + random.integer(7);
  // Groups of men, of women, or of both.
  const isMixed = !isAlone && random.uniform() < 0.4;
  const one = drawPerson(random, register.womanhood);
  const people = Array.from({ length: nPeople }, (_, i): Person => {
    const isMan = isMixed && i % 2 === 1;
    const womanhood = isMixed ? (isMan ? 0 : 1) : register.womanhood;
    const own = i === 0 && !isMixed ? one : drawPerson(random, womanhood);
    return {
      ...own,
      // Choirs blend: everybody's vibrato is small.
      vibratoCents: nPeople > 2 ? own.vibratoCents * 0.5 : own.vibratoCents,
      detuneCents: i === 0 ? 0 : 9 * random.normal(),
      lateSec: i === 0 ? 0 : Math.min(0.1, 0.03 * Math.abs(random.normal())),
      octave: isMan ? -12 : 0,
    };
  });
  const { low, high } = isMixed ? { low: 57, high: 81 } : register;
  const highest = HIGHEST_FORMANTS.map(
    (hz) => hz * people[0].scale * (1 + 0.04 * random.normal()) * (1 + 0.1 * people[0].womanhood),
  );
  return { compass: { label: "vocal", low, high, playsChords: nPeople > 2 }, people, highest };
}

/** The formants of a person's vowel [Hz]. */
export function formantsOf({ womanhood, scale, singersFormant }: Person, vowel: Vowel): number[] {
  const { men, women } = VOWELS[vowel];
  const low = men.map((hz, i) => hz + womanhood * (women[i] - hz));
  const high = HIGH_FORMANTS.map((hz) => hz * (1 + womanhood * (SHORTER - 1)));
  const shift = 1 + womanhood * (SHORTER - 1);
  return [...low, ...high].map((hz, i) => {
    const gathered =
      i < 2 ? hz : hz + 0.5 * singersFormant * (Math.max(SINGERS_FORMANT[i - 2] * shift, low[1] + 300) - hz);
    return gathered * scale;
  });
}
