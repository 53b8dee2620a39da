import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import type { Clip } from "../../src/dataset/clip.js";
import type { Comparison } from "../../src/evaluation/compare-models.js";
import type { ClipAnswer } from "../../src/evaluation/evaluate-model.js";
import { pairedDifference } from "../../src/evaluation/paired-difference.js";
import { scoreAnswers } from "../../src/evaluation/score-answers.js";
import { comparisonReport } from "../../src/report/comparison.js";
import { PREDICTIONS_HEAD, predictionsCsv } from "../../src/report/predictions-csv.js";
import { comparisonCsv, scoresCsv } from "../../src/report/scores-csv.js";
import type { AnyModel } from "../../src/tagging/open-tagger.js";

const LABELS = ["flute", "harp"];
const GROUPS = ["a", "b", "c", "d"];
const TARGETS = [
  [1, 0],
  [1, 0],
  [0, 1],
  [0, 1],
].map((row) => Float32Array.from(row));
const GOOD = [
  [0.75, 0.25],
  [0.5, 0.5],
  [0.25, 0.75],
  [0.875, 0.125],
].map((row) => Float32Array.from(row));
const FLUTE = TARGETS.map(() => Float32Array.of(1, 0));

const scored = (probabilities: readonly Float32Array[]) =>
  scoreAnswers({ task: "single-label", labels: LABELS, groups: GROUPS, targets: TARGETS, probabilities });
const [good, flute] = [scored(GOOD), scored(FLUTE)];

const infoOf = (changes: object) =>
  ({ task: "single-label", labels: LABELS, ...changes }) as unknown as AnyModel["info"];
const answersOf = (targets: readonly Float32Array[], names: readonly string[] = GROUPS): ClipAnswer[] =>
  targets.map((target, i) => ({
    clip: { name: names[i] } as Clip,
    targets: target,
    probabilities: GOOD[i],
    uncalibrated: null,
    novelty: null,
  }));

describe("predictionsCsv", () => {
  it("lists the answers with the worst first, quoted where that is needed", () => {
    const names = ["a,1.wav", 'the "b".wav', "c.wav", "d.wav"];
    const csv = predictionsCsv(answersOf(TARGETS, names), infoOf({}));
    expect(csv).toBe(`file,true,predicted,correct,probability,loss,p(flute),p(harp)
d.wav,harp,flute,false,0.125,2.079442,0.875,0.125
"the ""b"".wav",flute,flute,true,0.5,0.6931472,0.5,0.5
"a,1.wav",flute,flute,true,0.75,0.2876821,0.75,0.25
c.wav,harp,harp,true,0.75,0.2876821,0.25,0.75
`);
    expect(csv.startsWith(PREDICTIONS_HEAD)).toBe(true);
  });
  it("has the novelty of each clip, if the model says it", () => {
    const answers = answersOf(TARGETS).map((answer, i) => ({ ...answer, novelty: i === 1 ? null : i / 3 }));
    const [head, worst, second] = predictionsCsv(answers, infoOf({})).split("\n");
    expect(head).toBe("file,true,predicted,correct,probability,loss,novelty,p(flute),p(harp)");
    expect([worst, second]).toEqual([
      "d,harp,flute,false,0.125,2.079442,1,0.875,0.125",
      "b,flute,flute,true,0.5,0.6931472,,0.5,0.5",
    ]);
  });
  it("has the losses whose mean is the model's", () => {
    const rows = parse(predictionsCsv(answersOf(TARGETS), infoOf({})), { columns: true }) as {
      loss: string;
    }[];
    const mean = rows.reduce((sum, { loss }) => sum + Number(loss) / rows.length, 0);
    expect(mean).toBeCloseTo(good.scores.loss, 6);
  });
  it("answers several labels by their thresholds, and marks what is not known", () => {
    const targets = [
      [1, Number.NaN],
      [1, 1],
      [0, 0],
      [Number.NaN, 0],
    ].map((row) => Float32Array.from(row));
    const info = infoOf({ task: "multi-label", calibration: { thresholds: { flute: 0.5, harp: 0.75 } } });
    expect(predictionsCsv(answersOf(targets), info)).toBe(`file,true,predicted,correct,loss,p(flute),p(harp)
c,,harp,false,0.8369882,0.25,0.75
b,flute|harp,flute,false,0.6931472,0.5,0.5
a,flute|?harp,flute,true,0.2876821,0.75,0.25
d,?flute,flute,true,0.1335314,0.875,0.125
`);
  });
});

const differences = pairedDifference(good, flute);
const scoresOf = {
  split: "test" as const,
  isExternal: false,
  leftOut: null,
  chose: {
    nTrained: 8,
    nValidation: 4,
    validationChose: ["epoch" as const],
    seenIn: null,
    countsStart: false,
    nInTrainedGroups: 0,
  },
  kind: "net" as const,
  majority: flute.scores,
  linear: null,
  net: good.scores,
  uncalibrated: null,
  unknown: null,
  differences: { majority: differences, linear: null },
};

describe("scoresCsv", () => {
  it("has a line for every score, with its interval, and for every difference", () => {
    const { intervals, labelIntervals } = good.scores;
    const harp = { recall: [0.25, 0.75] as const };
    const net = { ...good.scores, labelIntervals: { ...labelIntervals, harp } };
    const rows = parse(scoresCsv({ ...scoresOf, net }), { columns: true }) as Record<string, string>[];
    const find = (model: string, label: string, measure: string) =>
      rows.filter((row) => row["model"] === model && row["label"] === label && row["measure"] === measure);
    const [low, high] = intervals["accuracy"]!.map(String);
    expect(find("net", "", "accuracy")).toEqual([
      { model: "net", label: "", measure: "accuracy", value: "0.75", low, high },
    ]);
    expect(find("net", "harp", "recall")).toMatchObject([{ value: "0.5", low: "0.25", high: "0.75" }]);
    expect(find("net", "", "nGroups")).toMatchObject([{ value: "4", low: "", high: "" }]);
    expect(find("net", "", "top3Accuracy")).toMatchObject([{ value: "", low: "", high: "" }]);
    const difference = find("net minus majority class", "", "accuracy");
    expect(difference).toMatchObject([{ value: "0.25", low: String(differences["accuracy"].interval![0]) }]);
    expect(rows.some(({ model }) => model === "linear baseline")).toBe(false);
  });
  it("names a linear baseline that is scored as a model, and the scores before calibration", () => {
    const names = (changes: object) => {
      const rows = parse(scoresCsv({ ...scoresOf, ...changes }), { columns: true }) as Record<
        string,
        string
      >[];
      return [...new Set(rows.map(({ model }) => model))];
    };
    expect(names({ kind: "linear" })).toEqual([
      "majority class",
      "linear baseline",
      "linear baseline minus majority class",
    ]);
    const linear = { linear: flute.scores, uncalibrated: good.scores };
    expect(names({ ...linear, differences: { majority: differences, linear: differences } })).toEqual([
      "majority class",
      "linear baseline",
      "net",
      "net before calibration",
      "net minus majority class",
      "net minus linear baseline",
    ]);
  });
});

describe("a comparison", () => {
  const comparison: Comparison = {
    split: "test",
    leftOut: 0,
    leftOutForOther: 2,
    chose: { first: scoresOf.chose, other: scoresOf.chose },
    first: good.scores,
    other: flute.scores,
    differences: {
      ...differences,
      balancedAccuracy: { difference: 0.25, interval: [0.125, 0.5] },
      accuracy: { difference: -0.25, interval: null },
    },
  };
  const names = { first: "a.onnx", other: "b.onnx", store: "features" };
  const verdictOf = (interval: [number, number] | null, difference = 0.25, nGroups = 6) =>
    comparisonReport(
      {
        ...comparison,
        first: { ...good.scores, nGroups },
        differences: { ...differences, balancedAccuracy: { difference, interval } },
      },
      names,
    )
      .split("\n\n")
      .at(-1);

  it("shows both models, each measure and its difference", () => {
    const text = comparisonReport(comparison, names);
    expect(text.split("\n\n")[0]).toBe(`A     a.onnx
B     b.onnx
data  features, split test: 4 clips that neither model has seen
      left out: 2 clips because of B`);
    expect(text).toMatch(/^ +A +B +A - B +95 % interval of A - B$/m);
    expect(text).toMatch(/^balanced accuracy +75\.0 % +50\.0 % +\+25\.0 +\+12\.5 to \+50\.0$/m);
    expect(text).toMatch(/^accuracy +75\.0 % +50\.0 % +-25\.0 +none$/m);
    expect(text).toMatch(/^loss +0\.837 +17\.269 +-16\.432 +/m);
    expect(text).not.toContain("top-3");
  });

  it("does not call the clips unseen if a model does not say which clips chose its epoch", () => {
    const chose = { first: scoresOf.chose, other: { ...scoresOf.chose, nValidation: null } };
    expect(comparisonReport({ ...comparison, chose }, names).split("\n\n")[0]).toBe(`A     a.onnx
B     b.onnx
data  features, split test: 4 clips that neither model was trained on
      left out: 2 clips because of B
      the file of B does not say which clips chose its epoch: they may be among these, and its scores too good`);
  });
  it("warns of each model some of whose training has the names of the groups", () => {
    const chose = { first: { ...scoresOf.chose, nInTrainedGroups: 2 }, other: scoresOf.chose };
    expect(comparisonReport({ ...comparison, chose }, names).split("\n\n")[0]).toMatch(
      /\n {6}A: groups of its training have the names of the groups of 2 clips: unless other sounds are called the same, this is not a test$/,
    );
  });
  it("says what the interval of the main measure means", () => {
    expect(verdictOf([0.125, 0.5])).toBe(
      "balanced accuracy: A is better; the interval of the difference does not contain 0",
    );
    expect(verdictOf([-0.5, -0.125], -0.25)).toMatch(/^balanced accuracy: B is better; /);
    expect(verdictOf([0, 0.5])).toBe(
      "balanced accuracy: these clips do not tell which is better; the interval of the difference contains 0",
    );
    expect(verdictOf([0.125, 0.5], 0.25, 5)).toBe(
      "balanced accuracy: 5 groups of clips cannot tell which is better, 6 might",
    );
    expect(verdictOf(null, 0.25, 1)).toMatch(/ 1 group of clips cannot tell /);
    expect(verdictOf(null, Number.NaN)).toBe("balanced accuracy: it is not defined on these clips");
  });
  it("says what the number of clips and groups means for the scores", () => {
    expect(comparisonReport(comparison, names)).toContain(
      "Only 4 clips: one clip is worth 25.0 points of accuracy, and up to 25.0 points of balanced accuracy.\n",
    );
  });
  it("is CSV with the names of both models", () => {
    const rows = parse(comparisonCsv(comparison, names), { columns: true }) as Record<string, string>[];
    expect([...new Set(rows.map(({ model }) => model))]).toEqual(["a.onnx", "b.onnx", "a.onnx minus b.onnx"]);
    expect(rows.at(-1)).toMatchObject({ model: "a.onnx minus b.onnx", measure: "calibrationError" });
  });
});
