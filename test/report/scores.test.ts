import { describe, expect, it } from "vitest";
import type { ChoosingClips } from "../../src/evaluation/chose.js";
import { pairedDifference } from "../../src/evaluation/paired-difference.js";
import { type ScoredAnswers, scoreAnswers } from "../../src/evaluation/score-answers.js";
import { scoresReport } from "../../src/report/scores.js";
import { percent, table } from "../../src/report/table.js";
import type { ModelInfo } from "../../src/tagging/model-file.js";

/** Scores of answers with this confusion matrix, to clips of two groups. */
function scored(confusion: number[][], labels: string[]): ScoredAnswers {
  const pairs = confusion.flatMap((row, truth) =>
    row.flatMap((count, answer) => Array.from({ length: count }, () => ({ truth, answer }))),
  );
  return scoreAnswers({
    task: "single-label",
    labels,
    groups: pairs.map((_, clip) => `${clip % 2}`),
    targets: pairs.map(({ truth }) => Float32Array.from(labels, (_, i) => (i === truth ? 1 : 0))),
    probabilities: pairs.map(({ answer }) =>
      Float32Array.from(labels, (_, i) => (i === answer ? 0.5 : 0.25)),
    ),
  });
}

function report(
  labels: string[],
  confusion: number[][],
  changes: Partial<Parameters<typeof scoresReport>[0]> = {},
): string {
  const answered = scored(confusion, labels);
  const majority = scored(
    confusion.map((row) => row.map((_, j) => (j === 0 ? row.reduce((sum, count) => sum + count, 0) : 0))),
    labels,
  );
  const info = {
    labels,
    epoch: 3,
    split: { trainCounts: { [labels[0]]: 7, [labels[1]]: 5 } },
    trainClips: "0123456789".repeat(12),
  } as unknown as ModelInfo;
  const all = {
    model: "m.onnx",
    store: "s",
    split: "test" as const,
    isExternal: true,
    leftOut: null,
    labels,
    majority: majority.scores,
    linear: null,
    net: answered.scores,
    kind: "net" as const,
    uncalibrated: null,
    unknown: null,
    differences: { majority: pairedDifference(answered, majority), linear: null },
    chose: {
      nTrained: 12,
      nValidation: 4,
      validationChose: ["epoch" as const],
      seenIn: null,
      countsStart: false,
      nInTrainedGroups: 0,
    },
    ...changes,
  };
  return scoresReport(all, { info, linearPath: "m.linear.onnx" });
}

describe("scoresReport", () => {
  it("says what the model calls unknown", () => {
    const labels = ["bass", "flute"];
    const kinds = [
      { sound: "silence" as const, nClips: 20, rocAuc: 1, unknown: 1, histogram: [] },
      { sound: "clicks" as const, nClips: 20, rocAuc: 0.75, unknown: 0.5, histogram: [] },
      { sound: "background" as const, nClips: 3, rocAuc: 0.875, unknown: 1 / 3, histogram: [] },
    ];
    const text = report(
      labels,
      [
        [1, 0],
        [0, 1],
      ],
      { unknown: { limit: 4.5, falseAlarms: 0.05, bins: { from: 0, width: 1 }, histogram: [], kinds } },
    );
    expect(text.slice(text.indexOf("unknown sounds"))).toBe(
      `unknown sounds: novelty above 4.50; 5.0 % of the scored clips are called unknown
sound       clips  ROC-AUC against the scored clips  called unknown
silence        20                             1.000         100.0 %
clicks *       20                             0.750          50.0 %
background      3                             0.875          33.3 %
* the model is not fitted to call these unknown`,
    );
  });
  it("says how many clips are left out, and why", () => {
    const leftOut = { trainedOn: 30, choseEpoch: 8, sameGroup: 0, unknownLabels: 1 };
    const [, ...lines] = report(
      ["a", "b"],
      [
        [1, 0],
        [0, 2],
      ],
      { leftOut },
    )
      .split("\n\n")[0]
      .split("\n");
    expect(lines).toEqual([
      "       4 validation clips chose the epoch",
      "data   s, split test: 3 clips in 2 groups",
      "       3 of 42 clips are scored; left out are",
      "           30, since the model was trained on them",
      "            8, since they chose its epoch",
      "            1, since they have labels that it does not know",
      "       the model was not trained on these clips, and they chose nothing",
    ]);
  });

  it("says what chose what, and what that means for the scores", () => {
    const lines = (chose: Partial<ChoosingClips>, split: "valid" | "train" | "test", isExternal = false) => {
      const all = {
        nTrained: 12,
        nValidation: 4,
        validationChose: ["epoch" as const],
        seenIn: null,
        countsStart: false,
        nInTrainedGroups: 0,
        ...chose,
      };
      const text = report(
        ["a", "b"],
        [
          [1, 0],
          [0, 2],
        ],
        { chose: all, split, isExternal },
      );
      return text
        .split("\n\n")[0]
        .split("\n")
        .filter((line) => line.startsWith(" "));
    };
    const validationChose = ["epoch", "temperature", "thresholds"] as const;
    expect(lines({ validationChose, seenIn: "valid" }, "valid")).toEqual([
      "       4 validation clips chose the epoch, the temperature and the thresholds",
      "       these clips chose the epoch, the temperature and the thresholds: the scores are too good, and this is not a test",
    ]);
    expect(lines({ seenIn: "train" }, "train")[1]).toBe(
      "       the model was trained on these clips: this is not a test",
    );
    expect(lines({ seenIn: "train" }, "train", true)[1]).toBe(
      "       the clips of its training that are in this store, whatever split the store names for them",
    );
    expect(lines({ seenIn: "valid" }, "valid", true)[1]).toMatch(/^ +the validation clips of its training /);
    expect(lines({ nValidation: null }, "test")).toEqual([
      "       the validation clips chose the epoch",
      "       the model was not trained on these clips; its file does not say which clips chose something",
    ]);
  });
  it("shows the scores before calibration, if there was one", () => {
    const { scores } = scored(
      [[1], [1]].map((row) => [...row, 1]),
      ["a", "b"],
    );
    const text = report(
      ["a", "b"],
      [
        [1, 0],
        [0, 2],
      ],
      { uncalibrated: { ...scores, calibrationError: 0.321 } },
    );
    expect(text).toMatch(/^net, not calibrated +50\.0 % .* 32\.1 %\nnet +100\.0 % /m);
  });

  it("says which thresholds the scores before calibration are at, if there are several labels", () => {
    const answered = scoreAnswers({
      task: "multi-label",
      labels: ["a", "b"],
      groups: ["0", "1"],
      targets: [Float32Array.of(1, 0), Float32Array.of(0, 1)],
      probabilities: [Float32Array.of(0.4, 0.2), Float32Array.of(0.3, 0.6)],
    });
    const net = answered.scores;
    const differences = { majority: pairedDifference(answered, answered), linear: null };
    const said = "not calibrated: the answers from a threshold of 0.5 on, for every label\n";
    const of = (uncalibrated: typeof net | null) =>
      report(
        ["a", "b"],
        [
          [1, 0],
          [0, 1],
        ],
        { net, majority: net, uncalibrated, differences },
      );
    expect(of(net)).toContain(said);
    expect(of(null)).not.toContain(said);
  });

  it("shows the model, the data, the scores, the recalls and the confusion matrix", () => {
    const labels = ["cello", "harp", "tuba"];
    expect(
      report(labels, [
        [3, 1, 0],
        [0, 0, 2],
        [0, 0, 0],
      ]),
    ).toBe(
      `model  m.onnx (3 labels, epoch 3, trained on 12 clips)
       4 validation clips chose the epoch
data   s, split test: 6 clips in 2 groups
       not from the model's own splits: an external test
       the model was not trained on these clips, and they chose nothing

                balanced accuracy     95 % interval  accuracy  macro F1   loss  calibration error
majority class             50.0 %  50.0 % to 50.0 %    66.7 %    40.0 %  0.924             16.7 %
net                        37.5 %  25.0 % to 50.0 %    50.0 %    42.9 %  1.040              0.0 %
no linear baseline: m.linear.onnx is missing

difference in balanced accuracy [points]         95 % interval
net minus majority class                  -12.5  -25.0 to +0.0  too few groups to tell

Only 6 clips: one clip is worth 16.7 points of accuracy, and up to 25.0 points of balanced accuracy.
The clips are in only 2 groups: the true scores are outside the intervals more often than 1 time in 20.

label     clips  precision  recall  95 % interval      F1  most often mistaken for
cello         4    100.0 %  75.0 %           none  85.7 %                 harp (1)
harp          2      0.0 %   0.0 %           none   0.0 %                 tuba (2)
macro         6     50.0 %  37.5 %                 42.9 %
weighted      6     66.7 %  50.0 %                 57.1 %
no interval: the clips with the label are in fewer than 6 groups

clips by label (rows) and answer (columns)
       cello  harp  tuba
cello      3     1     .
harp       .     .     2
tuba       .     .     .`,
    );
  });
});

describe("table", () => {
  it("aligns the first column to the left, the others to the right", () => {
    expect(
      table([
        ["a", "bb"],
        ["ccc", "d"],
      ]),
    ).toBe("a    bb\nccc   d");
    expect(percent(0.1234)).toBe("12.3 %");
  });
});
