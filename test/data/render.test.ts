import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { convolve } from "../../scripts/data/convolve.js";
import { fontOf, loadFont, type Source } from "../../scripts/data/fonts.js";
import type { ClipKind, ClipPlan } from "../../scripts/data/plan.js";
import { renderTask } from "../../scripts/data/render-worker.js";
import { plainScore } from "../../scripts/data/score.js";
import { FontSynth } from "../../scripts/data/synth.js";
import { peakOf, treat } from "../../scripts/data/treatment.js";
import { decodeAudio } from "../../src/audio/decode.js";
import { Random } from "../../src/core/random.js";

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

describe("FontSynth", () => {
  it("begins every clip from the same state, to the bit", async () => {
    const bank = await loadFont(fontOf("TimGM6mb"));
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
  it("is the direct sum", () => {
    const random = new Random(1);
    const x = Float32Array.from({ length: 100 }, () => random.normal());
    const h = Float32Array.from({ length: 30 }, () => random.normal());
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
      const clip = treat(tone(), 22050, new Random(seed));
      expect(clip).toHaveLength(22050);
      expect(clip.every(Number.isFinite)).toBe(true);
      expect(peakOf(clip)).toBeLessThan(1);
      peaks.add(peakOf(clip));
    }
    expect(peaks.size).toBe(40);
  });
});
