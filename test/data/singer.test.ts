import { describe, expect, it } from "vitest";
import { plainly, SYNTHESIS_RATE } from "../../scripts/data/score.js";
import { type Syllable, sing, singText } from "../../scripts/data/sing.js";
import { drawSinger, type Person, type Singer, type Vowel } from "../../scripts/data/singer.js";
import { peakOf } from "../../scripts/data/treatment.js";
import { Random } from "../../src/core/random.js";
import { levelDb, pitchOf } from "./spectrum.js";

/** A man whose voice is steady, so that his spectrum is one of lines. */
const man: Person = {
  womanhood: 0,
  scale: 1,
  singersFormant: 0,
  width: 1,
  openQuotient: 0.6,
  tiltHz: 4000,
  breath: 0,
  jitter: 0,
  shimmer: 0,
  vibratoCents: 0,
  vibratoHz: 5,
  vibratoDelaySec: 0,
  wanderCents: 0,
  attackSec: 0.05,
  releaseSec: 0.1,
  detuneCents: 0,
  lateSec: 0,
  octave: 0,
};
const compass = { label: "vocal", playsChords: false, low: 36, high: 84 } as const;
const highest = [5200, 6300, 7400, 8500];
const alone = (person: Person): Singer => ({ compass, people: [person], highest });
const hzOf = (key: number) => 440 * 2 ** ((key - 69) / 12);

const syllable = (key: number, vowel: Vowel): Syllable => ({
  startSec: 0,
  endSec: 1,
  key,
  vowel,
  loudness: 1,
  consonant: null,
  consonantSec: 0,
});
const hold = (person: Person, key: number, vowel: Vowel) =>
  singText(alone(person), [syllable(key, vowel)], plainly([], 0.8), new Random(1));

/** The harmonics [Hz] that are louder than both neighbours. */
function peaksOf(samples: Float32Array, key: number): number[] {
  const hz = hzOf(key);
  const levels = Array.from({ length: Math.floor(4000 / hz) }, (_, i) =>
    levelDb(samples, SYNTHESIS_RATE, (i + 1) * hz, 0.35, 0.4),
  );
  return levels.flatMap((level, i) =>
    level > (levels[i - 1] ?? -999) && level > (levels[i + 1] ?? -999) ? [(i + 1) * hz] : [],
  );
}

describe("sing", () => {
  // Peterson and Barney's averages [Hz], where the lines of a pitch of 65 Hz can show a formant apart from its neighbours.
  it.each([
    ["a", 0, [730, 1090, 2440]],
    ["e", 0, [530, 1840, 2480]],
    ["i", 0, [270, 2290, 3010]],
    ["o", 0, [570, 840, 2410]],
    ["u", 0, [300, 870, 2240]],
    ["a", 1, [850, 1220, 2810]],
    ["i", 1, [310, 2790, 3310]],
  ] as const)("has the formants of /%s/, womanhood %d", (vowel, womanhood, formants) => {
    const peaks = peaksOf(hold({ ...man, womanhood }, 36, vowel), 36);
    // Of 61 lines: five formants, and the ripple of a glottis that is open for 0.6 of a period.
    expect(peaks.length).toBeLessThanOrEqual(7);
    for (const hz of formants) {
      const nearest = Math.min(...peaks.map((peak) => Math.abs(peak - hz)));
      // One line of 65 Hz.
      expect([hz, nearest < 66]).toEqual([hz, true]);
    }
  });
  it("does not alias: between a high voice's harmonics there is nothing", () => {
    const samples = hold({ ...man, womanhood: 1 }, 81, "a");
    const level = (harmonic: number) => levelDb(samples, SYNTHESIS_RATE, harmonic * hzOf(81), 0.35, 0.4);
    for (const harmonic of [1, 2, 3, 4]) expect(level(harmonic) - level(harmonic + 0.37)).toBeGreaterThan(40);
  });
  it("sings the pitches of a score, and glides between notes that touch", () => {
    const notes = [57, 60, 55, 64].map((key, i) => ({
      startSec: 0.02 + 0.4 * i,
      endSec: 0.42 + 0.4 * i,
      key,
      velocity: 90,
    }));
    const samples = sing(alone({ ...man, vibratoCents: 30 }), plainly(notes, 2), new Random(2));
    for (const [i, { key }] of notes.entries())
      expect(Math.abs(pitchOf(samples, SYNTHESIS_RATE, 0.2 + 0.4 * i, [50, 70]) - key)).toBeLessThan(0.3);
    expect(peakOf(samples.subarray(Math.round(1.85 * SYNTHESIS_RATE)))).toBeLessThan(0.05 * peakOf(samples));
  });
  it("divides the notes of a chord among the people", () => {
    const people = [man, man, man];
    const notes = [48, 55, 64].map((key) => ({ startSec: 0, endSec: 1, key, velocity: 90 }));
    const samples = sing({ compass, people, highest }, plainly(notes, 0.8), new Random(3));
    const level = (key: number) => levelDb(samples, SYNTHESIS_RATE, hzOf(key), 0.3, 0.4);
    for (const key of [48, 55, 64]) expect(level(key) - level(51)).toBeGreaterThan(20);
  });
  it("begins where the score says, and is the same for the same seed alone", () => {
    const singer = drawSinger(7);
    const notes = [{ startSec: 0.02, endSec: 0.5, key: 64, velocity: 90 }];
    const whole = sing(singer, plainly(notes, 0.7), new Random("a"));
    const later = sing(singer, { ...plainly(notes, 0.5), skipSec: 0.2 }, new Random("a"));
    expect(later).toEqual(whole.subarray(Math.round(0.2 * SYNTHESIS_RATE)));
    expect(sing(singer, plainly(notes, 0.7), new Random("b"))).not.toEqual(whole);
  });
});

describe("drawSinger", () => {
  const singers = Array.from({ length: 60 }, (_, i) => drawSinger(i));
  it("draws half of them alone and the others in groups of up to 8, from bass to soprano", () => {
    const sizes = singers.map(({ people }) => people.length);
    expect(sizes.filter((n) => n === 1)).toHaveLength(30);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8);
    expect(Math.min(...singers.map((one) => one.compass.low))).toBe(39);
    expect(Math.max(...singers.map((one) => one.compass.high))).toBe(84);
  });
  it("draws nobody twice, and the same person for the same number", () => {
    expect(new Set(singers.map(({ people }) => people[0].scale)).size).toBe(60);
    expect(drawSinger(17)).toEqual(singers[17]);
  });
});
