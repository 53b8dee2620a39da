import { describe, expect, it } from "vitest";
import type { Clip } from "../../src/dataset/clip.js";
import { clipScore } from "../../src/report/clip-score.js";
import { makeReport, summarize } from "../../src/report/make-report.js";
import { madeUpReport, madeUpSource } from "./made-up-report.js";

const clip = (labels: readonly string[], changes: Partial<Clip> = {}): Clip => ({
  name: "a.wav",
  audioHash: "a",
  labels,
  group: "g",
  split: null,
  durationSec: 2,
  nFrames: 10,
  ...changes,
});

describe("clipScore", () => {
  const labels = ["bass", "drums", "flute"];
  const single = { task: "single-label", labels, thresholds: null } as const;
  it("of one label: right if it is the most probable, with the loss of its probability", () => {
    const probabilities = Float32Array.of(0.25, 0.625, 0.125);
    const wrong = clipScore({ clip: clip(["bass"]), probabilities }, single);
    expect(wrong).toMatchObject({ isRight: false, loss: expect.closeTo(Math.log(4), 6) });
    expect(wrong.answers.map(({ label }) => label)).toEqual(["bass", "drums", "flute"]);
    expect(clipScore({ clip: clip(["drums"]), probabilities }, single).isRight).toBe(true);
  });
  it("of several labels: right if each is on its side of its threshold", () => {
    const thresholds = { bass: 0.2, drums: 0.5, flute: 0.5 };
    const info = { task: "multi-label", labels, thresholds } as const;
    const probabilities = Float32Array.of(0.25, 0.75, 0.125);
    expect(clipScore({ clip: clip(["bass", "drums"]), probabilities }, info)).toMatchObject({
      isRight: true,
      loss: expect.closeTo(-(Math.log(0.25) + Math.log(0.75) + Math.log(0.875)) / 3, 6),
    });
    expect(clipScore({ clip: clip(["drums"]), probabilities }, info).isRight).toBe(false);
  });
});

describe("makeReport", () => {
  it("shows the wrong clips first, the highest loss before the others", () => {
    const { worst } = madeUpReport({ skill: 0.5 }).parts[0];
    const places = worst.map(({ isRight, loss }) => (isRight ? 0 : 1e6) + loss);
    expect(places).toEqual([...places].sort((a, b) => b - a));
    expect(worst[0].isRight).toBe(false);
    expect(worst).toHaveLength(12);
  });
  it("scores groups, the worst first, and none if every clip is a group of its own", () => {
    const [{ groups, net }] = madeUpReport({ perGroup: 4, skill: 0.5 }).parts;
    expect(groups.reduce((sum, { nClips }) => sum + nClips, 0)).toBe(net.nClips);
    const rates = groups.map(({ nRight, nClips }) => nRight / nClips);
    expect(rates).toEqual([...rates].sort((a, b) => a - b));
    expect(madeUpReport().parts[0].groups).toEqual([]);
  });
  it("counts right answers as the scores do", () => {
    const [{ groups, net }] = madeUpReport({ perGroup: 4, skill: 0.5 }).parts;
    if (net.task !== "single-label") throw new Error("of another task");
    const nRight = groups.reduce((sum, group) => sum + group.nRight, 0);
    expect(nRight / net.nClips).toBeCloseTo(net.accuracy, 12);
  });
  it("keeps every number in JSON, but no layer statistics", () => {
    const source = madeUpSource();
    const history = source.history!.map((record) => ({ ...record, layers: [] }));
    const text = JSON.stringify(makeReport({ ...source, history }));
    expect(JSON.parse(text)).toMatchObject({
      format: "timbrel report",
      version: 1,
      labels: source.info.labels,
    });
    expect(text).not.toContain('"layers"');
  });
});

describe("summarize", () => {
  it("counts clips, groups and seconds of each label in each split", () => {
    const splits = {
      train: [clip(["bass"]), clip(["bass", "drums"], { group: "h" }), clip(["bass"])],
      valid: [clip(["drums"])],
      test: [],
      hash: "",
    };
    const { columns, rows, total } = summarize(splits);
    expect(columns).toEqual(["train", "valid", "test"]);
    expect(rows.map(({ label }) => label)).toEqual(["bass", "drums"]);
    expect(rows[0].cells).toEqual([
      { nClips: 3, nGroups: 2, seconds: 6 },
      { nClips: 0, nGroups: 0, seconds: 0 },
      { nClips: 0, nGroups: 0, seconds: 0 },
    ]);
    expect(total.map(({ nClips }) => nClips)).toEqual([3, 1, 0]);
  });
});
