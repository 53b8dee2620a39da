import { describe, expect, it } from "vitest";
import { compassOf } from "../../scripts/data/compass.js";
import { drawScore } from "../../scripts/data/draw-score.js";
import { evaluationScore, plainScore } from "../../scripts/data/evaluation-score.js";
import { type Label, PROGRAMS } from "../../scripts/data/labels.js";
import { drawPhrase } from "../../scripts/data/phrases.js";
import type { ClipPlan } from "../../scripts/data/plan.js";
import { type Score, valueAt } from "../../scripts/data/score.js";
import { drawSinger } from "../../scripts/data/singer.js";
import { Random } from "../../src/core/random.js";

const N = 400;

const clipsOf = (program: number, label: Label, drumKey: number | null = null): ClipPlan[] =>
  Array.from({ length: N }, (_, index) => ({
    path: `${program}-${index}.wav`,
    source: { font: "TimGM6mb", label, bank: 0, program, drumKey },
    label,
    group: "g",
    kind: "varied",
    split: "train",
    pitch: (index + 0.5) / N,
    index,
    seed: `${program}/${index}`,
  }));
const violin = clipsOf(40, "string");
const piano = clipsOf(0, "keyboard");
const organ = clipsOf(19, "organ");
const trumpet = clipsOf(56, "brass");
const snare = clipsOf(0, "drums", 38);
const all = [violin, piano, organ, trumpet, snare];

const varied = (clips: ClipPlan[]) => clips.map((clip) => drawScore(clip, new Random(clip.seed), 0));
const evaluated = (clips: ClipPlan[]) => clips.map((clip) => evaluationScore(clip, new Random(clip.seed), 0));

/** Moments at which something new is heard: strokes, where a strum is one, and pitches reached by gliding. */
function strokesOf({ notes, bendCents }: Pick<Score, "notes" | "bendCents">): number {
  const onsets = notes.map(({ startSec }) => startSec).sort((a, b) => a - b);
  const strokes = onsets.filter((sec, i) => i === 0 || sec - onsets[i - 1] > 0.06).length;
  return notes.length === 1 ? strokes + Math.floor((bendCents.length - 1) / 2) : strokes;
}
const fraction = (scores: Score[], isSo: (score: Score) => boolean) =>
  scores.filter(isSo).length / scores.length;

describe("drawPhrase", () => {
  const compass = { label: "string", playsChords: true, low: 55, high: 72 } as const;
  const phrases = Array.from({ length: N }, (_, i) => drawPhrase(new Random(i), 57 + (i % 14), compass, 2.7));
  it("has two to eight strokes, which begin within its length, on keys of the compass", () => {
    const strokes = phrases.map(strokesOf);
    expect([Math.min(...strokes), Math.max(...strokes)]).toEqual([2, 8]);
    for (const { notes } of phrases)
      for (const { startSec, endSec, key, velocity } of notes) {
        expect(startSec >= 0 && startSec < 2.7 && endSec > startSec).toBe(true);
        expect(Number.isInteger(key) && key >= 55 && key <= 72).toBe(true);
        expect(Number.isInteger(velocity) && velocity >= 1 && velocity <= 127).toBe(true);
      }
  });
  it("ends a note before its key is struck again", () => {
    for (const { notes } of phrases)
      for (const a of notes)
        for (const b of notes)
          if (a.key === b.key && a.startSec < b.startSec) expect(a.endSec).toBeLessThan(b.startSec);
  });
  it("is legato, detached, repeated, chords or glides in turn", () => {
    const isLegato = ({ notes }: { notes: Score["notes"] }) =>
      notes.some(({ endSec }, i) => i + 1 < notes.length && endSec > notes[i + 1].startSec + 0.01);
    const count = (isSo: (phrase: (typeof phrases)[number]) => boolean) => phrases.filter(isSo).length;
    expect(count(isLegato)).toBeGreaterThan(N / 8);
    expect(count((one) => !isLegato(one))).toBeGreaterThan(N / 4);
    expect(
      count(({ notes }) => notes.length > 1 && new Set(notes.map(({ key }) => key)).size === 1),
    ).toBeGreaterThan(N / 25);
    expect(count(({ notes, bendCents }) => notes.length === 1 && bendCents.length > 2)).toBeGreaterThan(
      N / 25,
    );
    expect(
      count(({ notes }) => notes.some((a, i) => i > 0 && a.startSec === notes[i - 1].startSec)),
    ).toBeGreaterThan(N / 8);
  });
  it("of a melody moves by seconds and thirds more than by leaps", () => {
    const brass = { label: "brass", playsChords: false, low: 40, high: 90 } as const;
    const intervals = Array.from({ length: N }, (_, i) => drawPhrase(new Random(i), 65, brass, 4).notes)
      .flatMap((notes) => notes.slice(1).map(({ key }, i) => Math.abs(key - notes[i].key)))
      .filter((interval) => interval > 0);
    expect(intervals.filter((interval) => interval <= 2).length / intervals.length).toBeGreaterThan(0.5);
    expect(intervals.filter((interval) => interval > 7).length / intervals.length).toBeLessThan(0.1);
  });
  it("of a drum is a rhythm or a roll", () => {
    const drum = { label: "drums", playsChords: false, low: 38, high: 38 } as const;
    const sizes = Array.from(
      { length: 100 },
      (_, i) => drawPhrase(new Random(i), 38, drum, 2.7).notes.length,
    );
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(2);
    expect(sizes.filter((n) => n > 8).length).toBeGreaterThan(10);
  });
});

describe("drawScore", () => {
  it("plays phrases in more than a third of the varied clips of every family, and single notes in a third", () => {
    for (const clips of all) {
      const scores = varied(clips);
      expect(fraction(scores, (score) => strokesOf(score) > 1)).toBeGreaterThan(1 / 3);
      expect(fraction(scores, ({ notes }) => notes.length === 1)).toBeGreaterThan(1 / 3);
    }
  });
  it("stays within MIDI's bounds and the clip", () => {
    for (const { notes, skipSec, controllers, expression, durationSec } of all.flatMap(varied)) {
      expect(durationSec).toBe(3);
      expect(skipSec).toBeLessThan(4.5);
      for (const { key, velocity, startSec, endSec } of notes) {
        expect(Number.isInteger(key) && key >= 12 && key <= 127).toBe(true);
        expect(Number.isInteger(velocity) && velocity >= 1 && velocity <= 127).toBe(true);
        expect(endSec).toBeGreaterThan(startSec);
        expect(startSec).toBeLessThan(skipSec + durationSec);
      }
      for (const [, value] of controllers) expect(value >= 0 && value <= 127).toBe(true);
      for (const [, value] of expression ?? []) expect(value >= 0 && value <= 127).toBe(true);
    }
  });
  it("keeps the sounding pitch of a note played on a neighbouring key", () => {
    const { lowKey, highKey } = PROGRAMS.get(40)!;
    let nShifted = 0;
    for (const clip of violin) {
      const { notes, bendCents } = drawScore(clip, new Random(clip.seed), 0);
      if (notes.length > 1 || bendCents.length > 1) continue;
      const sounding = notes[0].key + bendCents[0][1] / 100;
      const written = lowKey + Math.floor(clip.pitch * (highKey - lowKey + 1));
      if (notes[0].key !== written) nShifted++;
      // Detuned by at most five standard deviations of 10 cents.
      expect(Math.abs(sounding - written)).toBeLessThan(0.5);
    }
    expect(nShifted).toBeGreaterThan(N / 10);
  });
  it("begins some notes in their middle and some at their end", () => {
    const scores = varied(violin).filter(({ notes }) => notes.length === 1);
    expect(
      fraction(scores, ({ skipSec, notes }) => skipSec > 0.1 && skipSec < notes[0].endSec),
    ).toBeGreaterThan(0.1);
    expect(fraction(scores, ({ skipSec, notes }) => skipSec >= notes[0].endSec)).toBeGreaterThan(0.02);
  });
  it("draws registrations for organs alone", () => {
    const mixtures = varied(organ).filter(({ stops }) => stops.length > 1);
    expect(mixtures.length / N).toBeGreaterThan(0.3);
    expect(mixtures.every(({ stops }) => stops[0].semitones === 0 && stops.length <= 5)).toBe(true);
    expect([...varied(violin), ...varied(piano)].every(({ stops }) => stops.length === 1)).toBe(true);
  });
});

describe("compassOf", () => {
  it("is a synthesized instrument's own", () => {
    for (let index = 0; index < 12; index++) {
      const [clip] = clipsOf(index, "vocal");
      const singer: ClipPlan = { ...clip, source: { ...clip.source, font: "Singers" as never } };
      expect(compassOf(singer)).toEqual(drawSinger(index).compass);
    }
  });
});

describe("evaluationScore", () => {
  it("is a phrase, a note to the end of its decay, or a plain note: a third each", () => {
    for (const clips of all) {
      const lengths = evaluated(clips).map(({ durationSec }) => durationSec);
      for (const length of [6, 8, 3]) {
        const part = lengths.filter((sec) => sec === length).length / N;
        // Four standard deviations of a fraction of 400.
        expect(Math.abs(part - 1 / 3)).toBeLessThan(0.1);
      }
    }
  });
  it("bends nothing but glides, and moves no controller", () => {
    for (const { controllers, stops, unisonCents, vibrato, bendCents } of all.flatMap(evaluated)) {
      expect([controllers.length, stops.length, unisonCents, vibrato]).toEqual([0, 1, 0, null]);
      expect(bendCents[0][1]).toBe(0);
    }
  });
  it("releases notes early enough for their tails to be heard", () => {
    const notes = evaluated(violin).filter(({ durationSec }) => durationSec === 8);
    expect(notes.every((score) => score.notes[0].endSec <= 4)).toBe(true);
  });
});

describe("plainScore", () => {
  it("is one note in the program's range, nothing bent", () => {
    for (const clip of all.flat()) {
      const { notes, bendCents, controllers, durationSec } = plainScore(clip, 0);
      expect(notes).toHaveLength(1);
      expect([bendCents, controllers, durationSec]).toEqual([[[0, 0]], [], 3]);
      const { drumKey, program } = clip.source;
      expect(notes[0].key).toBeGreaterThanOrEqual(drumKey ?? PROGRAMS.get(program)!.lowKey);
      expect(notes[0].key).toBeLessThanOrEqual(drumKey ?? PROGRAMS.get(program)!.highKey);
    }
  });
});

describe("valueAt", () => {
  it("is straight between a curve's points and level beyond them", () => {
    const curve = [
      [1, 10],
      [2, 30],
    ] as const;
    expect([0, 1, 1.25, 2, 5].map((sec) => valueAt(curve, sec))).toEqual([10, 10, 15, 30, 30]);
  });
});
