import { describe, expect, it } from "vitest";
import { MEASURES } from "../../src/evaluation/measures.js";
import { reliability } from "../../src/evaluation/reliability.js";
import { scoreAnswers } from "../../src/evaluation/score-answers.js";
import type { Scores } from "../../src/evaluation/scores.js";
import { decodeStored, type Stored } from "../nn/stored.js";
import fixture from "./fixtures/sklearn-scores.json" with { type: "json" };

// The same float32 probabilities, summed in float64 in another order.
const DIGITS = 10;
// scikit-learn needs rows that sum to 1 and got them divided by their sum, which differs from 1 by float32 rounding.
const LOSS_DIGITS = 6;
// torchmetrics sums in float32.
const CALIBRATION_DIGITS = 6;

function rowsOf(stored: Stored): Float32Array[] {
  const { shape, data } = decodeStored(stored);
  return Array.from({ length: shape[0] }, (_, i) => data.subarray(i * shape[1], (i + 1) * shape[1]));
}

interface Case {
  readonly targets: Stored;
  readonly probabilities: Stored;
  readonly thresholds?: Readonly<Record<string, number>> | null;
}

function answersOf(task: Scores["task"], { targets, probabilities, thresholds = null }: Case) {
  return {
    task,
    labels: Array.from({ length: targets.shape[1] }, (_, i) => `${i}`),
    groups: Array.from({ length: targets.shape[0] }, (_, clip) => `${clip}`),
    targets: rowsOf(targets),
    probabilities: rowsOf(probabilities),
    thresholds,
  };
}

/** The scores with the same members as the expected ones, which are null where a score is not defined. */
function expectScores(
  scores: Record<string, unknown>,
  expected: Record<string, unknown>,
  digits = DIGITS,
): void {
  for (const [name, value] of Object.entries(expected)) {
    const found = scores[name];
    if (value === null) expect(found, name).toBeNaN();
    else if (typeof value === "string") expect(found, name).toBe(value);
    else if (typeof value === "number") expect(found, name).toBeCloseTo(value, digits);
    else expectScores(found as Record<string, unknown>, value as Record<string, unknown>, digits);
  }
}

describe.each([
  ...fixture.single.map((each) => ({ task: "single-label" as const, ...each })),
  ...fixture.multi.map((each) => ({ task: "multi-label" as const, ...each })),
])("$task scores: $name", ({ task, name: _, targets, probabilities, ...each }) => {
  const { thresholds, loss, calibrationError, ...expected } = { thresholds: null, ...each };
  const answers = answersOf(task, { targets, probabilities, thresholds: thresholds as Case["thresholds"] });
  const { scores } = scoreAnswers(answers, { resamples: 0 });

  it("equal scikit-learn's", () => {
    expectScores({ ...scores }, expected);
    expect(Object.keys(scores.perLabel)).toEqual(Object.keys(expected.perLabel));
    expect(scores.loss).toBeCloseTo(loss, LOSS_DIGITS);
  });

  it("have torchmetrics' calibration error, which the reliability diagram shows", () => {
    expect(scores.calibrationError).toBeCloseTo(calibrationError, CALIBRATION_DIGITS);
    const { bins, calibrationError: shown } = reliability(answers);
    expect(shown).toBeCloseTo(scores.calibrationError, DIGITS);
    const total = bins.reduce((sum, { count }) => sum + count, 0);
    const gaps = bins.map((bin) => (bin.count * Math.abs(bin.accuracy - bin.confidence)) / total || 0);
    expect(gaps.reduce((sum, gap) => sum + gap, 0)).toBeCloseTo(shown, DIGITS);
  });

  it("include every measure that is defined for as many labels", () => {
    const undefinedFor = { top3Accuracy: 4, top5Accuracy: 6 } as Readonly<Record<string, number>>;
    for (const { name, of } of MEASURES[task] as readonly { name: string; of(scores: Scores): number }[])
      expect(Number.isFinite(of(scores)), name).toBe(answers.labels.length >= (undefinedFor[name] ?? 0));
  });
});

const row = (...values: number[]) => Float32Array.from(values);

describe("single-label scores", () => {
  const score = (targets: Float32Array[], probabilities: Float32Array[]) => {
    const labels = targets[0].length === 2 ? ["a", "b"] : ["a", "b", "c", "d"];
    const groups = targets.map((_, clip) => `${clip}`);
    const { scores } = scoreAnswers({ task: "single-label", labels, groups, targets, probabilities });
    return scores as Extract<Scores, { task: "single-label" }>;
  };

  it("leave out clips of which no label is known, such as sounds of the background", () => {
    const scores = score(
      [row(1, 0), row(0.5, 0.5), row(0, 1)],
      [row(0.9, 0.1), row(0.1, 0.9), row(0.6, 0.4)],
    );
    expect([scores.nClips, scores.nGroups, scores.accuracy]).toEqual([2, 2, 0.5]);
    expect(scores.confusion).toEqual([
      [1, 0],
      [1, 0],
    ]);
    const nothing = score([row(0.5, 0.5)], [row(0.1, 0.9)]);
    expect([nothing.nClips, nothing.accuracy, nothing.intervals["accuracy"]]).toEqual([0, Number.NaN, null]);
  });

  it("take the first of equal probabilities for the answer, and for one of the first three", () => {
    const equal = row(0.25, 0.25, 0.25, 0.25);
    const scores = score([row(1, 0, 0, 0), row(0, 0, 1, 0), row(0, 0, 0, 1)], [equal, equal, equal]);
    expect(scores.accuracy).toBeCloseTo(1 / 3, DIGITS);
    expect(scores.top3Accuracy).toBeCloseTo(2 / 3, DIGITS);
  });

  it("have a large but finite loss where the true label has a probability of 0", () => {
    expect(score([row(1, 0)], [row(0, 1)]).loss).toBeCloseTo(-Math.log(1e-15), 6);
  });
});

describe("multi-label scores", () => {
  const score = (targets: Float32Array[], probabilities: Float32Array[], groups?: string[]) => {
    const labels = ["a", "b", "c"].slice(0, targets[0].length);
    const { scores } = scoreAnswers({
      ...{ task: "multi-label", labels, targets, probabilities },
      groups: groups ?? targets.map((_, clip) => `${clip}`),
    });
    return scores as Extract<Scores, { task: "multi-label" }>;
  };
  const four = [row(0.9, 0.8), row(0.7, 0.2), row(0.4, 0.6), row(0.1, 0.3)];

  it("leave a label of a single clip out of the means, unless no label has more", () => {
    const scores = score([row(1, 0), row(1, 0), row(0, 0), row(0, 1)], four);
    expect(scores.meanLabels).toEqual(["a"]);
    expect(scores.perLabel["b"]).toMatchObject({ averagePrecision: 1 / 3, positives: 1, negatives: 3 });
    expect([scores.meanAveragePrecision, scores.rocAuc, scores.macro.recall]).toEqual([1, 1, 1]);
    const few = score([row(1, 0), row(0, 0), row(0, 0), row(0, 1)], four);
    expect(few.meanLabels).toEqual(["a", "b"]);
    expect(few.meanAveragePrecision).toBeCloseTo((1 + 1 / 3) / 2, DIGITS);
  });

  it("answer a label from its threshold on", () => {
    const answers = { task: "multi-label", labels: ["a", "b"], groups: ["1", "2", "3", "4"] } as const;
    const targets = [row(1, 1), row(1, 1), row(0, 0), row(0, 0)];
    const thresholds = { a: four[1][0], b: 1 };
    const { scores } = scoreAnswers({ ...answers, targets, probabilities: four, thresholds });
    expect(scores.perLabel["a"]).toMatchObject({ threshold: four[1][0], recall: 1, precision: 1 });
    expect(scores.perLabel["b"]).toMatchObject({ threshold: 1, recall: 0, precision: 0, f1: 0 });
  });

  it("do not depend on what is answered where the truth is not known", () => {
    const targets = [row(1, Number.NaN), row(Number.NaN, 1), row(0, 1), row(0, 0)];
    const others = four.map((answer, clip) =>
      answer.map((p, i) => (Number.isNaN(targets[clip][i]) ? 0.5 : p)),
    );
    expect(score(targets, others)).toEqual(score(targets, four));
    expect(score(targets, four).perLabel["a"].unknown).toBe(1);
  });

  it("are not numbers where a probability is none", () => {
    const targets = [row(1, 0), row(1, 1), row(0, 1), row(0, 1)];
    const scores = score(targets, [row(0.9, Number.NaN), ...four.slice(1)]);
    expect(scores.perLabel["a"].averagePrecision).toBe(1);
    expect(scores.perLabel["b"].averagePrecision).toBeNaN();
    const wrong = [scores.meanAveragePrecision, scores.microRocAuc, scores.loss, scores.calibrationError];
    expect(wrong).toEqual(wrong.map(() => Number.NaN));
    expect([scores.intervals["loss"], scores.intervals["meanAveragePrecision"]]).toEqual([null, null]);
  });
});
