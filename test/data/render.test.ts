import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { convolve } from "../../scripts/data/convolve.js";
import { plainScore } from "../../scripts/data/evaluation-score.js";
import { fontOf, loadFont, type Source } from "../../scripts/data/fonts.js";
import type { ClipKind, ClipPlan } from "../../scripts/data/plan.js";
import { renderTask } from "../../scripts/data/render-worker.js";
import { drawBody, drawRoom } from "../../scripts/data/rooms.js";
import { plainly, type Score } from "../../scripts/data/score.js";
import { FontSynth, RENDER_RATE } from "../../scripts/data/synth.js";
import { peakOf, record, treat } from "../../scripts/data/treatment.js";
import { decodeAudio } from "../../src/audio/decode.js";
import { Random } from "../../src/core/random.js";
import { levelDb, pitchOf } from "./spectrum.js";

const folder = mkdtempSync(join(tmpdir(), "timbrel-data-"));
afterAll(() => rmSync(folder, { recursive: true }));

function clipOf(program: number, index: number, kind: ClipKind, drumKey: number | null = null): ClipPlan {
  const source: Source = { font: "TimGM6mb", label: "keyboard", bank: 0, program, drumKey };
  return {
    path: `${program}-${drumKey}-${index}.wav`,
    source,
    label: drumKey === null ? "keyboard" : "drums",
    group: "g",
    kind,
    split: null,
    pitch: 0.4,
    index,
    seed: `${program}/${drumKey}/${index}`,
  };
}

const clips = [
  ...[0, 16, 40, 73].flatMap((program) => [
    clipOf(program, 0, "varied"),
    clipOf(program, 1, "varied"),
    clipOf(program, 2, "test"),
  ]),
  clipOf(0, 0, "varied", 38),
  clipOf(0, 1, "test", 49),
];
const render = async (name: string, order: readonly ClipPlan[]) => {
  const dir = join(folder, name);
  await renderTask({ dir, font: fontOf("TimGM6mb"), clips: order, done: new SharedArrayBuffer(4) });
  return new Map(order.map(({ path }) => [path, readFileSync(join(dir, path))]));
};

const bank = await loadFont(fontOf("TimGM6mb"));

describe("FontSynth", () => {
  const melody = [60, 64, 62, 69].map((key, i) => ({
    startSec: 0.02 + i * 0.4,
    endSec: 0.42 + i * 0.4,
    key,
    velocity: 90,
  }));
  const { source } = clipOf(73, 0, "varied");
  const moments = [0.15, 0.55, 0.95, 1.35];
  const pitchesOf = (samples: Float32Array) =>
    moments.map((sec) => pitchOf(samples, RENDER_RATE, sec, [55, 75]));
  it("plays a melody at its pitches, for as long as the score says", () => {
    const samples = new FontSynth(bank).render(source, plainly(melody, 2));
    expect(samples).toHaveLength(2 * RENDER_RATE);
    // The font's own tuning and vibrato.
    for (const [i, pitch] of pitchesOf(samples).entries())
      expect(Math.abs(pitch - melody[i].key)).toBeLessThan(0.2);
  });
  it("glides to the pitches of a bend", () => {
    const notes = [{ ...melody[0], endSec: 2 }];
    const bendCents = [0, 400, 200, 900].flatMap((cents, i) => [
      [0.02 + i * 0.4, cents] as const,
      [0.39 + i * 0.4, cents] as const,
    ]);
    const samples = new FontSynth(bank).render(source, { ...plainly(notes, 2), bendCents });
    for (const [i, pitch] of pitchesOf(samples).entries())
      expect(Math.abs(pitch - melody[i].key)).toBeLessThan(0.2);
  });
  it("sounds each stop with each key, at its level", () => {
    const play = (stops: Score["stops"]) =>
      new FontSynth(bank).render(source, { ...plainly([{ ...melody[0], endSec: 1.5 }], 1.5), stops });
    const hzOf = (key: number) => 440 * 2 ** ((key - 69) / 12);
    const level = (samples: Float32Array, key: number) => levelDb(samples, RENDER_RATE, hzOf(key), 0.5, 0.8);
    const eight = { semitones: 0, gainDb: 0 };
    const [alone, full, soft] = [
      play([eight]),
      play([eight, { semitones: -12, gainDb: 0 }]),
      play([eight, { semitones: -12, gainDb: -20 }]),
    ];
    expect(level(full, 48) - level(alone, 48)).toBeGreaterThan(20);
    // Its volume is one of 127 steps: -20.2 dB for -20.
    expect(level(soft, 48) - level(full, 48)).toBeCloseTo(-20, 0);
  });
  it("begins every clip from the same state, to the bit", () => {
    const play = (synth: FontSynth, program: number) =>
      synth.render(clipOf(program, 0, "test").source, plainScore(clipOf(program, 0, "test"), 0));
    const used = new FontSynth(bank);
    // The vibrato and envelopes of these programs round differently at other times.
    for (const program of [2, 4, 30, 49, 56, 65])
      expect([program, play(used, program)]).toEqual([program, play(new FontSynth(bank), program)]);
  });
});

describe("renderTask", () => {
  it("gives a clip the same bytes whatever was played before it", async () => {
    const forward = await render("forward", clips);
    const backward = await render("backward", [...clips].reverse());
    for (const [path, bytes] of forward)
      expect([path, bytes.equals(backward.get(path)!)]).toEqual([path, true]);
  });
  it("writes 22.05 kHz mono 16-bit, 0.8 to 3 s, plain clips at -3 dB", async () => {
    const files = await render("format", clips.slice(0, 3));
    for (const [path, bytes] of files) {
      const { format, channelData } = await decodeAudio(bytes, path);
      expect(format).toMatchObject({ encoding: "16-bit PCM", channels: 1, sampleRate: 22050 });
      expect(format.nSamples / 22050).toBeGreaterThanOrEqual(0.8);
      expect(format.nSamples / 22050).toBeLessThanOrEqual(3);
      // Within half a 16-bit step.
      if (path.endsWith("-2.wav")) expect(peakOf(channelData[0])).toBeCloseTo(10 ** (-3 / 20), 4);
    }
  });
});

describe("convolve", () => {
  it.each([
    [100, 30],
    [101, 7],
    [50, 90],
  ])("is the direct sum of %d and %d samples", (nSamples, nResponse) => {
    const random = new Random(1);
    const x = Float32Array.from({ length: nSamples }, () => random.normal());
    const h = Float32Array.from({ length: nResponse }, () => random.normal());
    const y = convolve(x, h);
    for (let n = 0; n < x.length; n++) {
      let sum = 0;
      for (let k = 0; k <= Math.min(n, h.length - 1); k++) sum += h[k] * x[n - k];
      // Rounding of 32-bit results of magnitude 10.
      expect(Math.abs(y[n] - sum)).toBeLessThan(1e-5);
    }
  });
});

describe("treat", () => {
  it("is finite, within full scale, of the same length, and varies", () => {
    const tone = () => Float32Array.from({ length: 22050 }, (_, i) => 0.1 * Math.sin(i / 10));
    const peaks = new Set<number>();
    for (let seed = 0; seed < 40; seed++) {
      const clip = treat(tone(), 22050, new Random(seed), "guitar");
      expect(clip).toHaveLength(22050);
      expect(clip.every(Number.isFinite)).toBe(true);
      expect(peakOf(clip)).toBeLessThan(1);
      peaks.add(peakOf(clip));
    }
    expect(peaks.size).toBe(40);
  });
});

describe("record", () => {
  it("sets a peak of -20 to -1 dB, and adds noise behind the end of the sound that was trimmed", () => {
    const peaks: number[] = [];
    for (let seed = 0; seed < 30; seed++) {
      const tone = Float32Array.from({ length: 4000 }, (_, i) => (i < 2000 ? Math.sin(i / 3) : 0));
      const clip = record(tone, 22050, new Random(seed), (samples) => samples.subarray(0, 3000));
      expect(clip).toHaveLength(3000);
      peaks.push(20 * Math.log10(peakOf(clip)));
    }
    expect(Math.min(...peaks)).toBeGreaterThanOrEqual(-20);
    expect(Math.max(...peaks)).toBeLessThanOrEqual(-0.999);
    expect(Math.max(...peaks) - Math.min(...peaks)).toBeGreaterThan(10);
  });
});

describe("drawRoom and drawBody", () => {
  const energy = (samples: Float32Array) => samples.reduce((sum, x) => sum + x * x, 0);
  it("keep the direct sound first, and a room's decay within its reverberation time", () => {
    for (let seed = 0; seed < 20; seed++) {
      const room = drawRoom(new Random(seed), 22050, { decaySec: [0.5, 0.5], wet: [0.3, 0.3] });
      expect(room).toHaveLength(11025);
      expect(room[0]).toBeCloseTo(0.7, 6);
      expect(Math.sqrt(energy(room.subarray(1)))).toBeCloseTo(0.3, 2);
      // 60 dB in 0.5 s are 48 dB from the first tenth of it to the last.
      const dropDb = 10 * Math.log10(energy(room.subarray(1, 1103)) / energy(room.subarray(9922)));
      expect(dropDb).toBeGreaterThan(30);
    }
  });
  it("give a body resonances and notches of some decibels, others each time", () => {
    const ranges = Array.from({ length: 20 }, (_, seed) => {
      const body = drawBody(new Random(seed), 22050);
      // In the middle of the window.
      const whole = new Float32Array(8192);
      whole.set(body, 4096);
      const levels = Array.from({ length: 40 }, (_, k) =>
        levelDb(whole, 22050, 90 * 80 ** (k / 39), 0, 8192 / 22050),
      );
      return Math.max(...levels) - Math.min(...levels);
    });
    expect(Math.min(...ranges)).toBeGreaterThan(1);
    expect(Math.max(...ranges)).toBeLessThan(40);
    expect(new Set(ranges).size).toBe(20);
  });
});
