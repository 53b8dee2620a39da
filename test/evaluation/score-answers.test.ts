import { expect, it } from "vitest";
import { scoreAnswers } from "../../src/evaluation/score-answers.js";
import type { Scores } from "../../src/evaluation/scores.js";
import { decodeStored, type Stored } from "../nn/stored.js";
import fixture from "./fixtures/sklearn-metrics.json" with { type: "json" };

// The same float32 probabilities, summed in float64 in another order.
const DIGITS = 10;
// scikit-learn needs rows that sum to 1 and got them divided by their sum, which differs from 1 by float32 rounding.
const LOSS_DIGITS = 6;

const { labels } = fixture;

function rowsOf(stored: Stored): Float32Array[] {
  const { shape, data } = decodeStored(stored);
  return Array.from({ length: shape[0] }, (_, i) => data.subarray(i * shape[1], (i + 1) * shape[1]));
}

function scoresOf<T extends Scores["task"]>(task: T, each: { targets: Stored; probabilities: Stored }) {
  const [targets, probabilities] = [rowsOf(each.targets), rowsOf(each.probabilities)];
  const groups = targets.map((_, clip) => `${clip}`);
  const { scores } = scoreAnswers({ task, labels, groups, targets, probabilities }, { resamples: 0 });
  return scores as Extract<Scores, { task: T }>;
}

it.each(fixture.single)("scores of one label a clip equal scikit-learn's: $name", (each) => {
  const scores = scoresOf("single-label", each);
  expect(scores.nClips).toBe(each.targets.shape[0]);
  expect(scores.accuracy).toBeCloseTo(each.accuracy, DIGITS);
  expect(scores.balancedAccuracy).toBeCloseTo(each.balancedAccuracy, DIGITS);
  expect(scores.confusion).toEqual(each.confusion);
  expect(scores.loss).toBeCloseTo(each.loss, LOSS_DIGITS);
  expect(Object.keys(scores.perLabel)).toEqual(Object.keys(each.recall));
  for (const [label, recall] of Object.entries(each.recall))
    expect(scores.perLabel[label].recall).toBeCloseTo(recall, DIGITS);
});

it.each(fixture.multi)("scores of several labels a clip equal scikit-learn's: $name", (each) => {
  const scores = scoresOf("multi-label", each);
  expect(scores.meanAveragePrecision).toBeCloseTo(each.meanAveragePrecision, DIGITS);
  expect(scores.loss).toBeCloseTo(each.loss, LOSS_DIGITS);
  expect(Object.keys(scores.perLabel)).toEqual(labels);
  for (const [label, precision] of Object.entries(each.averagePrecision))
    expect(scores.perLabel[label].averagePrecision).toBeCloseTo(precision, DIGITS);
});
