import { describe, expect, it } from "vitest";
import { DRAWBARS, drawOrgan, type Organ, type Rank } from "../../scripts/data/organ.js";
import { drawRegistration, playOrgan } from "../../scripts/data/play-organ.js";
import { plainly, SYNTHESIS_RATE } from "../../scripts/data/score.js";
import { peakOf } from "../../scripts/data/treatment.js";
import { Random } from "../../src/core/random.js";
import { levelDb } from "./spectrum.js";

const hzOf = (key: number) => 440 * 2 ** ((key - 69) / 12);
const note = { startSec: 0.02, endSec: 0.6, key: 60, velocity: 90 };

/** A rank whose pipes have three partials, without noise. */
const rank: Rank = {
  family: "flue",
  semitones: 0,
  partialsDb: [0, -10, -20],
  lossDb: 0,
  unevennessDb: 0,
  gainDb: 0,
  detuneCents: 0,
  attackSec: 0.01,
  releaseSec: 0.02,
  chiffDb: -100,
  chiffSec: 0.01,
};
const organOf = (ranks: readonly Rank[]): Organ => ({
  ...drawOrgan(0),
  ranks,
  windDb: 0,
  windCents: 0,
  tremulantDepth: 0,
  tremulantCents: 0,
  hissDb: -100,
});
const play = (organ: Organ, seed = 1) => playOrgan(organ, plainly([note], 1), new Random(seed));
const levels = (samples: Float32Array, factors: readonly number[]) =>
  factors.map((factor) => levelDb(samples, SYNTHESIS_RATE, factor * hzOf(60), 0.2, 0.35));

describe("playOrgan", () => {
  it("sounds a rank's partials at their levels, and no others", () => {
    const [first, second, third, fourth] = levels(play(organOf([rank])), [1, 2, 3, 4]);
    expect([second - first, third - first].map(Math.round)).toEqual([-10, -20]);
    expect(fourth - first).toBeLessThan(-60);
  });
  it("sounds ranks at their intervals", () => {
    const ranks = [rank, ...[12, 19].map((semitones) => ({ ...rank, semitones, partialsDb: [0] }))];
    const all = Array.from({ length: 30 }, (_, seed) => levels(play(organOf(ranks), seed), [4, 3, 1]));
    // The fourth partial is nobody's; the third is louder with the rank of 2 2/3' than without.
    for (const [fourth, , first] of all) expect(fourth - first).toBeLessThan(-40);
    const third = all.map(([, level, first]) => level - first);
    expect([Math.max(...third) > -10, Math.round(Math.min(...third))]).toEqual([true, -20]);
  });
  it("ends with the key", () => {
    const samples = play(organOf([rank]));
    const tail = peakOf(samples.subarray(Math.round(0.8 * SYNTHESIS_RATE)));
    expect(20 * Math.log10(tail / peakOf(samples))).toBeLessThan(-40);
  });
  it("begins where the score says, and is the same for the same seed alone", () => {
    for (const index of [0, 1, 9]) {
      const whole = play(drawOrgan(index));
      const later = playOrgan(drawOrgan(index), { ...plainly([note], 0.8), skipSec: 0.2 }, new Random(1));
      expect(later).toEqual(whole.subarray(Math.round(0.2 * SYNTHESIS_RATE)));
      expect(play(drawOrgan(index), 2)).not.toEqual(whole);
    }
  });
});

describe("drawRegistration", () => {
  it("has an 8' rank and up to four others of the organ", () => {
    const organ = drawOrgan(3);
    const sizes = Array.from({ length: 100 }, (_, i) => {
      const drawn = drawRegistration(organ, new Random(i));
      expect(drawn[0].semitones).toBe(0);
      return drawn.length;
    });
    expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([1, 5]);
  });
  it("pulls drawbars by steps of 3 dB, that of 8' always", () => {
    const organ = drawOrgan(1);
    for (let i = 0; i < 50; i++) {
      const [{ partialsDb }] = drawRegistration(organ, new Random(i));
      const pulled = partialsDb.map((db, bar) => Math.round(db - organ.ranks[0].partialsDb[bar]));
      expect(pulled[DRAWBARS.indexOf(2)]).toBeGreaterThanOrEqual(-21);
      for (const [bar, db] of pulled.entries())
        expect(partialsDb[bar] === -90 || (db <= 0 && db >= -21 && db % 3 === 0)).toBe(true);
    }
  });
});

describe("drawOrgan", () => {
  it("draws mostly pipes, no organ twice, and the same one for the same number", () => {
    const organs = Array.from({ length: 40 }, (_, i) => drawOrgan(i));
    const count = (kind: Organ["kind"]) => organs.filter((organ) => organ.kind === kind).length;
    expect([count("pipes"), count("tone wheels"), count("reeds")]).toEqual([24, 12, 4]);
    expect(new Set(organs.map(({ ranks }) => ranks[0].partialsDb[0])).size).toBe(40);
    expect(drawOrgan(17)).toEqual(organs[17]);
    expect(organs.every(({ ranks }) => ranks.some(({ semitones }) => semitones <= 0))).toBe(true);
  });
});
