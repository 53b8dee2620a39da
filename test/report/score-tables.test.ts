import { describe, expect, it } from "vitest";
import { sampleNotes } from "../../src/evaluation/sample-notes.js";
import { scoreAnswers } from "../../src/evaluation/score-answers.js";
import type { MultiLabelScores, SingleLabelScores } from "../../src/evaluation/scores.js";
import {
  comparisonTable,
  confusionTable,
  differenceTable,
  labelTable,
  MAX_WIDTH,
  tagTable,
} from "../../src/report/score-tables.js";

/** Scores of answers to clips whose label and answer are given by their places, in groups of two clips. */
function single(labels: readonly string[], pairs: readonly (readonly [truth: number, answer: number])[]) {
  const row = (i: number, high: number, low: number) =>
    Float32Array.from(labels, (_, j) => (i === j ? high : low));
  const { scores } = scoreAnswers({
    task: "single-label",
    labels,
    groups: pairs.map((_, clip) => `${Math.floor(clip / 2)}`),
    targets: pairs.map(([truth]) => row(truth, 1, 0)),
    probabilities: pairs.map(([, answer]) => row(answer, 0.75, 0.25)),
  });
  return scores as SingleLabelScores;
}

/** Scores of answers whose targets and probabilities are given clip by clip, each clip in a group of its own. */
function multi(labels: readonly string[], targets: number[][], probabilities: number[][]) {
  const { scores } = scoreAnswers({
    task: "multi-label",
    labels,
    groups: targets.map((_, clip) => `${clip}`),
    targets: targets.map((row) => Float32Array.from(row)),
    probabilities: probabilities.map((row) => Float32Array.from(row)),
  });
  return scores as MultiLabelScores;
}

const names = (count: number, name = "instrument") => Array.from({ length: count }, (_, i) => `${name} ${i}`);
const lines = (text: string) => text.split("\n");
const widest = (text: string) => Math.max(...lines(text).map((line) => line.length));

describe("the table of models", () => {
  it("has a row for each, and shows the top 3 only of more labels", () => {
    const labels = names(5);
    const scores = single(labels, [
      [0, 1],
      [1, 1],
      [2, 2],
      [3, 4],
    ]);
    const [head, row] = lines(comparisonTable([["net", scores]]));
    expect(head).toMatch(
      /^ +balanced accuracy +95 % interval +accuracy +top 3 +macro F1 +loss +calibration error$/,
    );
    expect(row).toMatch(/^net +50\.0 % +50\.0 % to 50\.0 % +50\.0 % +75\.0 % /);
    const few = single(["a", "b"], [[0, 1]]);
    expect(comparisonTable([["net", few]])).not.toContain("top 3");
    expect(lines(comparisonTable([["net", few]]))[1]).toMatch(/^net +0\.0 % +none +0\.0 %/);
  });

  it("of differences says which are more than chance", () => {
    const rows = (
      [
        ["sure", { difference: 0.1, interval: [0.02, 0.2] }],
        ["worse", { difference: -0.1, interval: [-0.2, -0.02] }],
        ["unsure", { difference: 0.1, interval: [-0.02, 0.2] }],
        ["undefined", { difference: Number.NaN, interval: null }],
      ] as const
    ).map(([name, balancedAccuracy]) => [name, { balancedAccuracy }] as const);
    expect(differenceTable({ task: "single-label", nGroups: 6 }, rows)).toBe(`\
difference in balanced accuracy [points]         95 % interval
sure                                      +10.0  +2.0 to +20.0  better
worse                                     -10.0  -20.0 to -2.0  worse
unsure                                    +10.0  -2.0 to +20.0  may be chance
undefined                                     –           none`);
    const few = differenceTable({ task: "single-label", nGroups: 5 }, rows);
    expect(few.match(/too few groups to tell$/gm)).toHaveLength(3);
  });
});

describe("the table of labels", () => {
  it("shows the lowest of many, and how many are left out", () => {
    const labels = names(60);
    const pairs = labels.flatMap((_, i) => [[i, i < 5 ? i + 1 : i] as const, [i, i] as const]);
    const text = labelTable(single(labels, pairs), labels);
    expect(lines(text)).toHaveLength(1 + 20 + 2 + 2);
    expect(lines(text)[1]).toMatch(
      /^instrument [1-4] +2 +50\.0 % +50\.0 % +none +50\.0 % +instrument [2-5] \(1\)$/,
    );
    expect(text).toContain("\nand 40 more labels, whose F1 is higher; JSON and CSV have them all");
    expect(text).toContain("\nno interval: the clips with the label are in fewer than 6 groups");
  });

  it("shows the interval of a label whose clips are in six groups", () => {
    const clips = (label: number, count: number) =>
      Array.from({ length: count }, (_, i) => [label, i === 0 ? 1 - label : label] as const);
    const text = labelTable(single(["a", "b"], [...clips(0, 12), ...clips(1, 10)]), ["a", "b"]);
    expect(text).toMatch(/^a +12 .* \d+\.\d % to 100\.0 % /m);
    expect(text).toMatch(/^b +10 .* none /m);
  });

  it("cuts long names", () => {
    const labels = ["x".repeat(200), "y".repeat(200)];
    const scores = single(labels, [
      [0, 1],
      [1, 0],
    ]);
    expect(widest(labelTable(scores, labels))).toBeLessThanOrEqual(MAX_WIDTH);
    expect(widest(confusionTable(scores, labels))).toBeLessThanOrEqual(MAX_WIDTH);
  });
});

describe("the confusion matrix", () => {
  const matrix = (labels: readonly string[]) =>
    confusionTable(
      single(
        labels,
        labels.flatMap((_, i) => [[i, i] as const, [i, 0] as const]),
      ),
      labels,
    );

  it("has the names of the labels, cut where that leaves them different", () => {
    const labels = [
      "accordion",
      "banjo",
      "cello",
      "drums",
      "erhu",
      "flute",
      "guitar",
      "harp",
      "organ",
      "piano",
    ];
    expect(lines(matrix([...labels, "synthesizer", "viola da gamba"]))[1]).toMatch(
      /^ +acco… {2}banjo +cello .* viol…$/,
    );
  });

  it("has numbers where names would be too short or the same", () => {
    const text = matrix(names(22));
    expect(text).toMatch(/^ +1 +2 +3 .* 22$/m);
    expect(text).toMatch(/^22 instrument 21 +1( +\.)+ +1$/m);
    expect(matrix(names(12))).toMatch(/^ +1 +2 +3 .* 12$/m);
    expect(widest(text)).toBeLessThanOrEqual(MAX_WIDTH);
  });

  it("gives way to the most frequent mistakes where it is too wide", () => {
    expect(lines(matrix(names(40))).slice(0, 3)).toEqual([
      "most frequent mistakes",
      "label          answer         clips",
      "instrument 1   instrument 0  1 of 2",
    ]);
    expect(matrix(names(40))).toMatch(/\nand 24 other pairs$/);
    const labels = names(40);
    expect(
      confusionTable(
        single(
          labels,
          labels.map((_, i) => [i, i] as const),
        ),
        labels,
      ),
    ).toBe("no clip is mistaken");
  });
});

describe("the table of tags", () => {
  const labels = ["always", "banjo", "never", "once", "unclear"];
  const targets = [
    [1, 1, 0, 0, 1],
    [1, 1, 0, 0, 1],
    [1, 0, 0, 1, Number.NaN],
    [1, 0, 0, 0, 0],
  ];
  const probabilities = [
    [0.9, 0.9, 0.1, 0.2, 0.4],
    [0.9, 0.4, 0.1, 0.3, 0.9],
    [0.8, 0.6, 0.2, 0.1, 0.5],
    [0.7, 0.1, 0.3, 0.4, 0.6],
  ];

  it("counts the clips with, without and unknown, and names the labels that the means leave out", () => {
    expect(tagTable(multi(labels, targets, probabilities))).toBe(
      `clips with and without each label, AP (average precision), and the answers from the threshold on
[%]       with  without  unknown     AP  95 % interval  ROC-AUC  threshold  precision  recall     F1
always       4        0        0  100.0           none        –       0.50      100.0   100.0  100.0
banjo        2        2        0   83.3           none     75.0       0.50       50.0    50.0   50.0
unclear      2        1        1   83.3           none     50.0       0.50       50.0    50.0   50.0
macro                              88.9                    62.5                  66.7    66.7   66.7
micro                              88.1                    85.0                  75.0    66.7   70.6
weighted                                                                         75.0    75.0   75.0
no interval: the clips with the label are in fewer than 6 groups
The rows macro and weighted are over 3 of 5 labels, the row micro is over all 5.
Not in the means, since only 1 clip has the label: once
Not in the means, since no clip has the label: never
No ROC-AUC, since every clip has the label: always`,
    );
  });

  it("keeps a label on one line wherever it is named", () => {
    const odd = labels.map((label) => `${label}\n`);
    const text = tagTable(multi(odd, targets, probabilities));
    expect(lines(text)).toHaveLength(lines(tagTable(multi(labels, targets, probabilities))).length);
    expect(text).toContain("only 1 clip has the label: once\\n");
  });

  it("shows the lowest of many, within the width of a page", () => {
    const many = names(60, "a rather long name of a tag, number");
    const row = (clip: number) => many.map((_, i) => (clip < 2 ? 1 : clip === 2 && i === 7 ? Number.NaN : 0));
    const answer = (clip: number) => many.map((_, i) => (i < 20 ? clip / 8 : 1 - clip / 8));
    const scores = multi(many, [0, 1, 2, 3].map(row), [0, 1, 2, 3].map(answer));
    const text = tagTable(scores);
    expect(lines(text)).toHaveLength(2 + 20 + 3 + 1 + 1 + 1);
    expect(text).toContain("\nand 40 more labels, whose AP is higher; JSON and CSV have them all");
    expect(widest(text)).toBeLessThanOrEqual(MAX_WIDTH);
    expect(widest(comparisonTable([["linear baseline", scores]]))).toBeLessThanOrEqual(MAX_WIDTH);
  });
});

describe("the notes on a sample", () => {
  const pairs = (count: number) => Array.from({ length: count }, (_, clip) => [clip % 2, 0] as const);
  it("say what one clip is worth if there are fewer than 100", () => {
    expect(sampleNotes(single(["a", "b"], pairs(99)))).toEqual([
      "Only 99 clips: one clip is worth 1.0 points of accuracy, and up to 1.0 points of balanced accuracy.",
    ]);
    expect(sampleNotes(single(["a", "b"], pairs(100)))).toEqual([]);
    const targets = Array.from({ length: 40 }, (_, clip) => [clip < 2 ? 1 : 0, clip < 9 ? 1 : 0]);
    expect(sampleNotes(multi(["a", "b"], targets, targets))).toEqual([
      "Only 40 clips: one clip with a, the rarest label that counts, is worth about 25.0 points of mean average precision.",
    ]);
  });

  it("say how many labels the means leave out", () => {
    const targets = Array.from({ length: 100 }, (_, clip) => [clip < 1 ? 1 : 0, clip < 9 ? 1 : 0, 0]);
    expect(sampleNotes(multi(["a", "b", "c"], targets, targets))).toEqual([
      "The means leave out 2 of 3 labels: too few clips have them.",
    ]);
  });

  it("say that the means say little if every label is on one clip", () => {
    const targets = [
      [1, 0],
      [0, 1],
    ];
    expect(sampleNotes(multi(["a", "b"], targets, targets))).toContain(
      "No label is on more than one clip: an average precision is one over the rank of that clip, and the means say little.",
    );
    const twice = [...targets, [1, 0]];
    expect(sampleNotes(multi(["a", "b"], twice, twice)).join()).not.toContain("more than one clip");
  });

  it("say that there are no intervals of one group, and that those of a few are too narrow", () => {
    expect(sampleNotes(single(["a", "b"], pairs(2)))[1]).toBe(
      "No intervals: all clips are in one group, so nothing says how much the scores depend on the choice of clips.",
    );
    expect(sampleNotes(single(["a", "b"], pairs(38)))[1]).toBe(
      "The clips are in only 19 groups: the true scores are outside the intervals more often than 1 time in 20.",
    );
    expect(sampleNotes(single(["a", "b"], pairs(40)))).toHaveLength(1);
  });

  it("say how many wrong answers may be unseen if every answer is right", () => {
    const right = Array.from({ length: 120 }, (_, clip) => [clip % 2, clip % 2] as const);
    // Rule of three: 3 / 60 groups.
    expect(sampleNotes(single(["a", "b"], right))).toEqual([
      "Every answer is right, so the intervals have no width; yet up to 5 % of other groups may have wrong answers.",
    ]);
  });

  it("do not fail without any scored clip", () => {
    expect(sampleNotes(multi(["a"], [[Number.NaN]], [[0.5]]))[0]).toBe("Only 1 clip: no clip has a label.");
  });
});
