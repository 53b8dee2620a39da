import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { averagePrecision, scoreMultiLabel, scoreSingleLabel } from "../../src/evaluation/metrics.js";
import { decodeStored, type Stored } from "../nn/stored.js";
import fixture from "./fixtures/sklearn-metrics.json" with { type: "json" };

// The same float32 probabilities, summed in float64 in another order.
const DIGITS = 10;
// scikit-learn needs rows that sum to 1 and got them divided by their sum, which differs from 1 by float32 rounding.
const LOSS_DIGITS = 6;

const { labels } = fixture;
const random = () => new Random("bootstrap");

function rowsOf(stored: Stored): Float32Array[] {
  const { shape, data } = decodeStored(stored);
  return Array.from({ length: shape[0] }, (_, i) => data.subarray(i * shape[1], (i + 1) * shape[1]));
}

const answersOf = (each: { targets: Stored; probabilities: Stored }) => ({
  labels,
  targets: rowsOf(each.targets),
  probabilities: rowsOf(each.probabilities),
});

describe.each(fixture.single)("scoreSingleLabel, $name", (each) => {
  const scores = scoreSingleLabel(answersOf(each), random());

  it("equals scikit-learn's scores", () => {
    expect(scores.nClips).toBe(each.targets.shape[0]);
    expect(scores.accuracy).toBeCloseTo(each.accuracy, DIGITS);
    expect(scores.balancedAccuracy).toBeCloseTo(each.balancedAccuracy, DIGITS);
    expect(scores.confusion).toEqual(each.confusion);
    expect(scores.loss).toBeCloseTo(each.loss, LOSS_DIGITS);
    expect(Object.keys(scores.recall)).toEqual(Object.keys(each.recall));
    for (const [label, recall] of Object.entries(each.recall))
      expect(scores.recall[label]).toBeCloseTo(recall, DIGITS);
  });
});

describe.each(fixture.multi)("scoreMultiLabel, $name", (each) => {
  const scores = scoreMultiLabel(answersOf(each), random());

  it("equals scikit-learn's scores", () => {
    expect(scores.meanAveragePrecision).toBeCloseTo(each.meanAveragePrecision, DIGITS);
    expect(scores.loss).toBeCloseTo(each.loss, LOSS_DIGITS);
    expect(Object.keys(scores.averagePrecision)).toEqual(labels);
    for (const [label, precision] of Object.entries(each.averagePrecision))
      expect(scores.averagePrecision[label]).toBeCloseTo(precision, DIGITS);
  });
});

/** Answers in which every third clip of each label is wrong. */
function someAnswers(nClips: number) {
  const rowWith = (label: number) => Float32Array.from([0, 1, 2], (i) => (i === label ? 0.8 : 0.1));
  const truth = Array.from({ length: nClips }, (_, clip) => clip % 3);
  return {
    labels: ["a", "b", "c"],
    targets: truth.map((label) => Float32Array.from([0, 1, 2], (i) => (i === label ? 1 : 0))),
    probabilities: truth.map((label, clip) =>
      rowWith(Math.floor(clip / 3) % 3 === 0 ? (label + 1) % 3 : label),
    ),
  };
}

describe.each([
  ["single-label", scoreSingleLabel, "balancedAccuracy"],
  ["multi-label", scoreMultiLabel, "meanAveragePrecision"],
] as const)("the %s interval", (_task, score, member) => {
  const at = (nClips: number) => score(someAnswers(nClips), random()) as ReturnType<typeof scoreSingleLabel>;

  it("contains the score and repeats with the seed", () => {
    const scores = at(45);
    const point = scores[member as "balancedAccuracy"];
    expect(scores.interval[0]).toBeLessThan(point);
    expect(scores.interval[1]).toBeGreaterThan(point);
    expect(at(45)).toEqual(scores);
  });

  it("is the one resample if only one is drawn", () => {
    const { interval } = score(someAnswers(45), random(), 1);
    expect(interval[0]).toBeGreaterThan(0);
    expect(interval[1]).toBe(interval[0]);
  });

  it("shrinks with the square root of the number of clips", () => {
    const width = ([low, high]: readonly [number, number]) => high - low;
    const ratio = width(at(36).interval) / width(at(36 * 9).interval);
    expect(ratio).toBeGreaterThan(2.5);
    expect(ratio).toBeLessThan(3.5);
  });
});

describe("scores computed by hand", () => {
  it("the interval of a single-label score ends at the binomial's percentiles 2.5 and 97.5", () => {
    // 300 clips of each of 3 labels, recall 2/3: the deviation of the mean of recalls is sqrt(2/9 / 300 / 3).
    const { interval, balancedAccuracy } = scoreSingleLabel(someAnswers(900), random(), 10_000);
    const deviation = Math.sqrt(2 / 9 / 900);
    expect(balancedAccuracy).toBeCloseTo(2 / 3, 2);
    // Standard error of such a percentile of 10000 normal draws: sqrt(0.025 * 0.975 / 10000) / 0.058 = 0.027 deviations.
    // Percentiles 5 and 95 would be 0.31 off.
    for (const [end, z] of [
      [interval[0], -1.96],
      [interval[1], 1.96],
    ])
      expect(Math.abs((end - balancedAccuracy) / deviation - z)).toBeLessThan(0.1);
  });

  it("right answers to all clips score 1, with an interval of zero width", () => {
    const { targets, labels } = someAnswers(9);
    const scores = scoreSingleLabel({ labels, targets, probabilities: targets }, random());
    expect([scores.balancedAccuracy, ...scores.interval, scores.loss]).toEqual([1, 1, 1, 0]);
  });

  it("a probability of 0 for the true label gives a large but finite loss", () => {
    const { labels } = someAnswers(3);
    const answers = {
      labels,
      targets: [Float32Array.of(1, 0, 0)],
      probabilities: [Float32Array.of(0, 1, 0)],
    };
    expect(scoreSingleLabel(answers, random()).loss).toBeCloseTo(-Math.log(1e-15), 6);
    expect(Number.isFinite(scoreMultiLabel(answers, random()).loss)).toBe(true);
  });

  it("labels without clips are left out of a multi-label score, and of the resamples that happen to lack them", () => {
    // "b" is in 1 of 8 clips, so about a third of the resamples lack it; no clip has "c".
    const scores = scoreMultiLabel(
      {
        labels: ["a", "b", "c"],
        targets: Array.from({ length: 8 }, (_, clip) => Float32Array.of(1, clip === 0 ? 1 : 0, 0)),
        probabilities: Array.from({ length: 8 }, (_, clip) =>
          Float32Array.of(0.5, clip < 2 ? 0.9 : 0.1, 0.5),
        ),
      },
      random(),
    );
    expect(scores.averagePrecision).toEqual({ a: 1, b: 0.5 });
    expect(scores.meanAveragePrecision).toBe(0.75);
    // At worst "b" is drawn once and "clip 1" seven times, at best all resampled clips are "b".
    expect(scores.interval[0]).toBeGreaterThanOrEqual((1 + 1 / 8) / 2);
    expect(scores.interval[0]).toBeLessThan(0.75);
    expect(scores.interval[1]).toBe(1);
  });

  it("average precision counts precision at each relevant rank", () => {
    expect(averagePrecision([true, false, true, false], [4, 3, 2, 1])).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(averagePrecision([false, true], [1, 1])).toBe(0.5);
  });

  it("an answer that is not a number makes every multi-label score of its label NaN, and the loss", () => {
    expect(averagePrecision([true, false, true], [0.5, Number.NaN, 0.1])).toBeNaN();
    const { labels, targets, probabilities } = someAnswers(9);
    probabilities[4][1] = Number.NaN;
    const scores = scoreMultiLabel({ labels, targets, probabilities }, random(), 10);
    expect(scores.averagePrecision).toMatchObject({ b: Number.NaN, c: expect.closeTo(0.5, 0) });
    expect([scores.meanAveragePrecision, scores.loss]).toEqual([Number.NaN, Number.NaN]);
    expect(scoreSingleLabel({ labels, targets, probabilities }, random(), 10).loss).toBeNaN();
  });
});

it("the multi-label interval is the one of clips that are drawn, ranked and scored anew", () => {
  const stream = new Random("answers");
  const [nClips, nLabels] = [23, 4];
  const row = (value: () => number) => Float32Array.from({ length: nLabels }, value);
  const targets = Array.from({ length: nClips }, () => row(() => Number(stream.uniform() < 0.3)));
  for (const target of targets) target[stream.integer(nLabels)] = 1;
  // Few different values: many ties.
  const probabilities = targets.map(() => row(() => stream.integer(7) / 8));
  const labels = ["a", "b", "c", "d"];
  const clips = targets.map((_, clip) => clip);
  const draws = random();
  const scoreOf = (drawn: readonly number[]) => {
    const precisions = labels.flatMap((_, i) => {
      const relevant = drawn.map((clip) => targets[clip][i] === 1);
      if (!relevant.includes(true)) return [];
      return [
        averagePrecision(
          relevant,
          drawn.map((clip) => probabilities[clip][i]),
        ),
      ];
    });
    return precisions.reduce((sum, value) => sum + value, 0) / precisions.length;
  };
  const values = Array.from({ length: 200 }, () => scoreOf(clips.map(() => draws.pick(clips))));
  values.sort((a, b) => a - b);
  const { interval } = scoreMultiLabel({ labels, targets, probabilities }, random(), 200);
  expect(interval).toEqual([values[5], values[194]]);
});
