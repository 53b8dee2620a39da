import { describe, expect, it } from "vitest";
import type { Clip } from "../../src/dataset/clip.js";
import type { Task } from "../../src/nn/training-step.js";
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
  const labels = ["bass", "drums", "flute", "harp", "organ"];
  const probabilities = Float32Array.of(0.25, 0.5, 0.99, 0.125, 0.875);
  const answersOf = (task: Task, targets: Float32Array, predicted: readonly string[]) =>
    clipScore(
      { clip: clip(["bass"]), targets, probabilities },
      { predicted, isCorrect: false, loss: 1 },
      { task, labels },
    ).answers.map(({ label, has, probability }) => [label, has, probability]);
  it("shows the labels of one answer that are worst", () => {
    expect(answersOf("single-label", Float32Array.of(1, 0, 0, 0, 0), ["flute"])).toEqual([
      ["flute", false, expect.closeTo(0.99, 6)],
      ["organ", false, 0.875],
      ["bass", true, 0.25],
    ]);
  });
  it("shows of several labels those that are wrong, and none of which it is not known", () => {
    const targets = Float32Array.of(1, 0, Number.NaN, 0, 1);
    expect(answersOf("multi-label", targets, ["drums", "flute", "organ"])).toEqual([
      ["bass", true, 0.25],
      ["drums", false, 0.5],
    ]);
  });
});

describe("makeReport", () => {
  it("shows the wrong clips first, the highest loss before the others", () => {
    const { worst } = madeUpReport({ skill: 0.5 }).parts[0];
    const places = worst.map(({ isCorrect, loss }) => (isCorrect ? 0 : 1e6) + loss);
    expect(places).toEqual([...places].sort((a, b) => b - a));
    expect(worst[0].isCorrect).toBe(false);
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
    const { uncalibrated } = source.evaluations[0];
    expect(JSON.parse(text)).toMatchObject({ parts: [{ uncalibrated: { loss: uncalibrated!.loss } }, {}] });
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
    expect(summarize({ all: [clip(["bass"]), clip([])] }).background).toEqual([
      { nClips: 1, nGroups: 1, seconds: 2 },
    ]);
    expect(total.map(({ nClips }) => nClips)).toEqual([3, 1, 0]);
  });
  it("counts as background no clip of which some labels are not known", () => {
    const unknown = clip([], { unknownLabels: ["?"], absentLabels: ["bass"] });
    expect(summarize({ all: [clip(["bass"]), unknown] }).background).toBeNull();
    expect(summarize({ all: [clip([]), unknown] }).background).toMatchObject([{ nClips: 1 }]);
  });
});
