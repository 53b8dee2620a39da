import { describe, expect, it } from "vitest";
import type { ChoosingClips } from "../../src/evaluation/chose.js";
import type { Scores } from "../../src/evaluation/scores.js";
import { scoresReport } from "../../src/report/scores.js";
import { percent, table } from "../../src/report/table.js";
import type { ModelInfo } from "../../src/tagging/model-file.js";

function scores(confusion: number[][], labels: string[]): Scores {
  const total = (row: number[]) => row.reduce((sum, count) => sum + count, 0);
  const average = { precision: 0.25, recall: 0.25, f1: 0.25 };
  return {
    task: "single-label",
    nClips: total(confusion.map(total)),
    nGroups: 2,
    accuracy: 0.5,
    balancedAccuracy: 0.25,
    macro: average,
    micro: average,
    weighted: average,
    perLabel: Object.fromEntries(
      labels.flatMap((label, i) =>
        total(confusion[i]) > 0
          ? [
              [
                label,
                { ...average, recall: confusion[i][i] / total(confusion[i]), support: total(confusion[i]) },
              ],
            ]
          : [],
      ),
    ),
    confusion,
    loss: 1.23456,
    calibrationError: 0.1,
    intervals: { balancedAccuracy: [0.2, 0.3] },
    labelIntervals: {},
  };
}

function report(
  labels: string[],
  confusion: number[][],
  changes: Partial<Parameters<typeof scoresReport>[0]> = {},
): string {
  const all = scores(confusion, labels);
  const info = {
    labels,
    epoch: 3,
    split: { trainCounts: { [labels[0]]: 7, [labels[1]]: 5 } },
    trainClips: "0123456789".repeat(12),
  } as unknown as ModelInfo;
  const scored = {
    model: "m.onnx",
    store: "s",
    split: "test" as const,
    isExternal: true,
    leftOut: null,
    labels,
    majority: all,
    linear: null,
    net: all,
    kind: "net" as const,
    uncalibrated: null,
    differences: { majority: {}, linear: null },
    chose: { nTrained: 12, nValidation: 4, validationChose: ["epoch" as const], seenIn: null },
    ...changes,
  };
  return scoresReport(scored, { info, linearPath: "m.linear.onnx" });
}

describe("scoresReport", () => {
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
      "data   s, split test: 3 clips",
      "       3 of 42 clips are scored; left out are",
      "           30, since the model was trained on them",
      "            8, since they chose its epoch",
      "            1, since they have labels that it does not know",
      "       nothing is scored on clips that the model was trained on or that chose something",
    ]);
  });

  it("says what chose what, and what that means for the scores", () => {
    const lines = (chose: Partial<ChoosingClips>, split: "valid" | "train" | "test") => {
      const all = {
        nTrained: 12,
        nValidation: 4,
        validationChose: ["epoch" as const],
        seenIn: null,
        ...chose,
      };
      const text = report(
        ["a", "b"],
        [
          [1, 0],
          [0, 2],
        ],
        { chose: all, split, isExternal: false },
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
    expect(lines({ nValidation: null }, "test")).toEqual([
      "       the validation clips chose the epoch",
      "       nothing is scored on clips that the model was trained on; its file does not say which clips chose something",
    ]);
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
data   s, split test: 6 clips
       not from the model's own splits: an external test
       nothing is scored on clips that the model was trained on or that chose something

                balanced accuracy     95 % interval  accuracy   loss
majority class             25.0 %  20.0 % to 30.0 %    50.0 %  1.235
net                        25.0 %  20.0 % to 30.0 %    50.0 %  1.235
no linear baseline: m.linear.onnx is missing

label  clips  recall  most often mistaken for
cello      4  75.0 %                 harp (1)
harp       2   0.0 %                 tuba (2)

clips by label (rows) and answer (columns)
       cello  harp  tuba
cello      3     1     .
harp       .     .     2
tuba       .     .     .`,
    );
  });
  it("numbers the columns of a confusion matrix that is too wide for names", () => {
    const labels = Array.from({ length: 30 }, (_, i) => `instrument ${i}`);
    const text = report(
      labels,
      labels.map((_, i) => labels.map((_, j) => (i === j ? 1 : 0))),
    );
    expect(text).toMatch(/^ +1 +2 +3 .* 30$/m);
    expect(text).toMatch(/^30 instrument 29( +\.)+ +1$/m);
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
