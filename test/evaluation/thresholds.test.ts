import { describe, expect, it } from "vitest";
import { probabilitiesAt } from "../../src/evaluation/temperature.js";
import { fitThresholds } from "../../src/evaluation/thresholds.js";
import fixture from "./fixtures/calibration.json" with { type: "json" };
import { logitsOf } from "./logits-of-case.js";

/** Answers about one label. */
function thresholdOf(truth: number[], probabilities: number[]): number {
  const targets = truth.map((value) => Float32Array.of(value));
  const rows = probabilities.map((value) => [value]);
  return fitThresholds({ labels: ["a"], targets, probabilities: rows }).thresholds["a"];
}

function f1(truth: readonly number[], answered: readonly boolean[]): number {
  const hits = truth.filter((value, i) => value === 1 && answered[i]).length;
  const [positives, asked] = [truth.filter((value) => value === 1), answered.filter(Boolean)];
  return (2 * hits) / (positives.length + asked.length);
}

describe.each(fixture.cases.filter((each) => each.f1 !== undefined))("fitThresholds, $name", (each) => {
  const { task, targets, logits } = logitsOf(each);
  const labels = Array.from({ length: each.nLabels }, (_, i) => `label ${i}`);
  const probabilities = logits.map((row) => probabilitiesAt(task, row, each.nLabels, each.temperature));
  const decisions = (i: number) =>
    targets.flatMap((target, clip) => (Number.isNaN(target[i]) ? [] : [[target[i], probabilities[clip][i]]]));

  it("reaches the highest F1 of any threshold by scikit-learn", () => {
    const { thresholds, sharedThreshold } = fitThresholds({ labels, targets, probabilities });
    expect(sharedThreshold).toEqual([]);
    labels.forEach((label, i) => {
      const known = decisions(i);
      const answered = known.map(([, probability]) => probability >= thresholds[label]);
      expect(
        f1(
          known.map(([truth]) => truth),
          answered,
        ),
      ).toBeCloseTo(each.f1![i], 12);
    });
  });

  it("shares the one that is best for all labels among those of fewer than 5 positives", () => {
    let positives = 0;
    const rare = targets.map((target) => {
      const row = Float32Array.from(target);
      if (row[0] === 1 && ++positives > 4) row[0] = Number.NaN;
      return row;
    });
    const { thresholds, sharedThreshold } = fitThresholds({ labels, targets: rare, probabilities });
    expect(sharedThreshold).toEqual(["label 0"]);
    const others = fitThresholds({ labels, targets, probabilities }).thresholds;
    for (const label of labels.slice(1)) expect(thresholds[label]).toBe(others[label]);
    const none = targets.map((target) => target.map(() => Number.NaN));
    expect(fitThresholds({ labels, targets: none, probabilities })).toEqual({
      thresholds: Object.fromEntries(labels.map((label) => [label, 0.5])),
      sharedThreshold: labels,
    });
    // With every label rare in turn, the shared threshold is the pooled one.
    const known = labels.flatMap((_, i) => decisions(i));
    const few = fitThresholds({
      labels: [...labels, "never"],
      targets: targets.map((target) => Float32Array.of(...target, Number.NaN)),
      probabilities: probabilities.map((row) => [...row, 0]),
    });
    expect(few.sharedThreshold).toEqual(["never"]);
    const answered = known.map(([, probability]) => probability >= few.thresholds["never"]);
    expect(
      f1(
        known.map(([truth]) => truth),
        answered,
      ),
    ).toBeCloseTo(each.sharedF1!, 12);
  });
});

describe("the threshold of a label", () => {
  const truth = [1, 1, 1, 1, 1, 0, 0];
  it("is in the middle of the gap", () => {
    expect(thresholdOf(truth, [0.9, 0.9, 0.8, 0.8, 0.75, 0.25, 0.1])).toBe(0.5);
    expect(thresholdOf(truth, [0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0])).toBe(0.375);
  });
  it("does not part equal probabilities", () => {
    expect(thresholdOf(truth, [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.125])).toBe(0.3125);
    expect(thresholdOf(truth, [0, 0, 0, 0, 0, 0, 0])).toBe(0);
  });
  it("is the one nearest to 0.5 of equally good ones", () => {
    // 3 right of 3 answers and 6 right of 12 have the same F1: 2 * 3 / (3 + 6) = 2 * 6 / (12 + 6).
    const sounds = [1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0];
    const steps = (high: number, middle: number, low: number, rest: number) =>
      sounds.map((_, i) => (i < 3 ? high : i < 9 ? middle : i < 12 ? low : rest));
    expect(thresholdOf(sounds, steps(0.75, 0.5, 0.25, 0))).toBe(0.625);
    expect(thresholdOf(sounds, steps(1, 0.75, 0.5, 0.25))).toBe(0.375);
  });
});
