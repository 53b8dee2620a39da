import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import type { Answers } from "../../src/evaluation/answers.js";
import { measuresOf } from "../../src/evaluation/measures.js";
import { pairedDifference } from "../../src/evaluation/paired-difference.js";
import { scoreAnswers } from "../../src/evaluation/score-answers.js";

const LABELS = ["a", "b", "c"];
const RESAMPLES = 200;

/** Answers with many ties to clips in groups of 1 to 4, whose labels are partly unknown in a multi-label task. */
function drawAnswers(task: Answers["task"], nClips: number, seed = "answers"): Answers {
  const random = new Random(seed);
  const row = (value: (i: number) => number) => Float32Array.from(LABELS, (_, i) => value(i));
  let group = 0;
  return {
    task,
    labels: LABELS,
    groups: Array.from({ length: nClips }, () => {
      if (random.uniform() < 0.4) group++;
      return `group ${group}`;
    }),
    targets: Array.from({ length: nClips }, () => {
      const truth = random.integer(3);
      if (task === "single-label") return row((i) => (i === truth ? 1 : 0));
      return row((i) =>
        random.uniform() < 0.2 ? Number.NaN : i === truth || random.uniform() < 0.2 ? 1 : 0,
      );
    }),
    probabilities: Array.from({ length: nClips }, () => row(() => random.integer(9) / 8)),
  };
}

/** The clips of groups that are drawn with replacement, copied as often as their group is drawn. */
function drawGroups({ groups }: Answers, random: Random): number[] {
  const names = [...new Set(groups)];
  return names
    .map(() => random.pick(names))
    .flatMap((name) => groups.flatMap((group, clip) => (group === name ? [clip] : [])));
}

/** Percentiles 2.5 and 97.5 of the numbers that are defined. */
function percentiles(values: readonly number[]): [number, number] {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return [sorted[Math.floor(sorted.length / 40)], sorted[Math.ceil((sorted.length * 39) / 40) - 1]];
}

describe.each(["single-label", "multi-label"] as const)("%s intervals", (task) => {
  const answers = drawAnswers(task, 60);
  const { scores } = scoreAnswers(answers, { resamples: RESAMPLES });

  it("are those of groups that are drawn, with all their clips, and scored anew", () => {
    const random = new Random("bootstrap");
    const drawn = Array.from({ length: RESAMPLES }, () => {
      const clips = drawGroups(answers, random);
      const of = <T>(list: readonly T[]) => clips.map((clip) => list[clip]);
      const { groups, targets, probabilities } = answers;
      return scoreAnswers(
        { ...answers, groups: of(groups), targets: of(targets), probabilities: of(probabilities) },
        { resamples: 0 },
      ).scores;
    });
    for (const measure of measuresOf(task)) {
      const interval = scores.intervals[measure.name];
      if (Number.isNaN(measure.of(scores))) expect(interval).toBeNull();
      else {
        const [low, high] = percentiles(drawn.map((each) => measure.of(each)));
        expect(interval?.[0], measure.name).toBeCloseTo(low, 12);
        expect(interval?.[1], measure.name).toBeCloseTo(high, 12);
      }
    }
    for (const label of LABELS)
      for (const [key, interval] of Object.entries(scores.labelIntervals[label])) {
        const [low, high] = percentiles(drawn.map((each) => ({ ...each.perLabel[label] })[key as "recall"]));
        expect(interval?.[0], `${label} ${key}`).toBeCloseTo(low, 12);
        expect(interval?.[1], `${label} ${key}`).toBeCloseTo(high, 12);
      }
  });

  it("contain the score and repeat", () => {
    for (const measure of measuresOf(task)) {
      const [low, high] = scores.intervals[measure.name] ?? [Number.NaN, Number.NaN];
      // The bootstrap's calibration errors are higher than the error itself, which chance raises, too.
      if (Number.isNaN(measure.of(scores)) || measure.name === "calibrationError") continue;
      expect(low, measure.name).toBeLessThan(measure.of(scores));
      expect(high, measure.name).toBeGreaterThan(measure.of(scores));
    }
    expect(scoreAnswers(answers, { resamples: RESAMPLES }).scores).toEqual(scores);
  });

  it("do not exist for clips of one group, of which nothing says how others differ", () => {
    const alike = scoreAnswers({ ...answers, groups: answers.groups.map(() => "one") }).scores;
    expect(alike.nGroups).toBe(1);
    expect(Object.values(alike.intervals).every((interval) => interval === null)).toBe(true);
  });

  it("of a label do not exist if its clips are in fewer than six groups", () => {
    const firstOfGroups = answers.groups.flatMap((group, clip, groups) =>
      groups.indexOf(group) === clip ? [clip] : [],
    );
    const ofLabelInGroups = (nGroups: number) => {
      const targets = answers.targets.map((_, clip) => {
        const hasA = firstOfGroups.slice(0, nGroups).includes(clip);
        return Float32Array.of(Number(hasA), Number(!hasA), 0);
      });
      const { labelIntervals, perLabel } = scoreAnswers({ ...answers, targets }, { resamples: 50 }).scores;
      expect(Number.isFinite(perLabel["a"].recall)).toBe(true);
      expect(labelIntervals["b"]["recall"]).not.toBeNull();
      return Object.values(labelIntervals["a"]);
    };
    expect(ofLabelInGroups(5).every((interval) => interval === null)).toBe(true);
    expect(ofLabelInGroups(6)).not.toContain(null);
  });
});

/** Answers that are right with a probability that is drawn for each group, 0.5 to 0.9: 0.7 on average. */
function clustered(seed: number, nGroups: number, perGroup: number): Answers {
  const random = new Random(`clusters ${seed}`);
  const isRight = Array.from({ length: nGroups }, () => {
    const p = random.uniform(0.4, 1);
    return Array.from({ length: perGroup }, () => random.uniform() < p);
  }).flat();
  return {
    task: "single-label",
    labels: ["a", "b"],
    groups: isRight.map((_, clip) => `group ${Math.floor(clip / perGroup)}`),
    targets: isRight.map((_, clip) => Float32Array.of(clip % 2, 1 - (clip % 2))),
    probabilities: isRight.map((right, clip) =>
      clip % 2 === (right ? 1 : 0) ? Float32Array.of(0.9, 0.1) : Float32Array.of(0.1, 0.9),
    ),
  };
}

it("95 % intervals contain the true accuracy in about 95 % of samples, and would not if clips were drawn one by one", () => {
  const trueAccuracy = 0.7;
  const samples = Array.from({ length: 150 }, (_, seed) => clustered(seed, 30, 10));
  const covered = (each: Answers) => {
    const [low, high] = scoreAnswers(each, { resamples: 100 }).scores.intervals["accuracy"]!;
    return low <= trueAccuracy && trueAccuracy <= high;
  };
  const alone = (each: Answers) => ({ ...each, groups: each.groups.map((_, clip) => `${clip}`) });
  const byGroup = samples.filter((each) => covered(each)).length / samples.length;
  const byClip = samples.filter((each) => covered(alone(each))).length / samples.length;
  // Percentile intervals of 30 groups cover 93 to 94 %; the standard error of 150 samples is 2 points.
  expect(byGroup).toBeGreaterThan(0.89);
  expect(byGroup).toBeLessThan(0.98);
  expect(byClip).toBeLessThan(0.85);
});

describe("the interval of few clips", () => {
  const score = (truths: number[], answered: number[]) => {
    const rowOf = (label: number) => Float32Array.of(1 - label, label);
    const groups = truths.map((_, clip) => `${clip}`);
    const [targets, probabilities] = [truths.map(rowOf), answered.map(rowOf)];
    return scoreAnswers({ task: "single-label", labels: ["a", "b"], groups, targets, probabilities }).scores;
  };

  it("is wide for one clip a class of which one is answered: 0 to 100 %", () => {
    const { intervals, labelIntervals } = score([0, 1], [0, 0]);
    expect(intervals["balancedAccuracy"]).toEqual([0, 1]);
    expect(labelIntervals["a"]["recall"]).toBeNull();
  });

  it("has no width if every answer is right", () => {
    expect(score([0, 1, 0, 1], [0, 1, 0, 1]).intervals["balancedAccuracy"]).toEqual([1, 1]);
  });
});

describe("pairedDifference", () => {
  const answers = drawAnswers("single-label", 60);
  const others = { ...answers, probabilities: drawAnswers("single-label", 60, "others").probabilities };
  const scored = { a: scoreAnswers(answers), b: scoreAnswers(others) };

  it("is the difference of the scores, with the interval of the same groups drawn for both", () => {
    const differences = pairedDifference(scored.a, scored.b);
    for (const { name, of } of measuresOf("single-label")) {
      const expected = of(scored.a.scores) - of(scored.b.scores);
      if (Number.isNaN(expected)) continue;
      expect(differences[name].difference).toBe(expected);
    }
    const random = new Random("bootstrap");
    const accuracyOf = ({ targets, probabilities }: Answers, clips: readonly number[]) =>
      clips.filter((clip) => {
        const row = probabilities[clip];
        return targets[clip][row.indexOf(Math.max(...row))] === 1;
      }).length / clips.length;
    const drawn = Array.from({ length: 1000 }, () => {
      const clips = drawGroups(answers, random);
      return accuracyOf(answers, clips) - accuracyOf(others, clips);
    });
    const [low, high] = percentiles(drawn);
    expect(differences["accuracy"].interval?.[0]).toBeCloseTo(low, 12);
    expect(differences["accuracy"].interval?.[1]).toBeCloseTo(high, 12);
  });

  it("is zero between the same answers, and changes its sign with their order", () => {
    const same = pairedDifference(scored.a, scored.a);
    expect(same["balancedAccuracy"]).toEqual({ difference: 0, interval: [0, 0] });
    const [there, back] = [pairedDifference(scored.a, scored.b), pairedDifference(scored.b, scored.a)];
    expect(back["loss"].difference).toBe(-there["loss"].difference);
  });

  it("finds a small difference that the two scores' own intervals hide", () => {
    // The second model is wrong where the first is, and in one more clip of every other group.
    const a = clustered(1, 30, 20);
    const flipped = a.probabilities.map((row, clip) => {
      const isRight = a.targets[clip][row[0] > row[1] ? 0 : 1] === 1;
      return isRight && clip % 8 === 0 ? Float32Array.of(row[1], row[0]) : row;
    });
    const [one, two] = [scoreAnswers(a), scoreAnswers({ ...a, probabilities: flipped })];
    expect(one.scores.intervals["accuracy"]![0]).toBeLessThan(two.scores.intervals["accuracy"]![1]);
    expect(pairedDifference(one, two)["accuracy"].interval![0]).toBeGreaterThan(0);
  });

  it("is not taken between answers to different clips", () => {
    const message = "b must be of the same task, labels, clips and number of resamples as `a`, got others";
    const targets = answers.targets.map((row, clip) =>
      clip === 59 ? Float32Array.of(row[2], row[0], row[1]) : row,
    );
    for (const other of [
      drawAnswers("single-label", 59),
      { ...answers, groups: answers.groups.map(() => "one") },
      { ...answers, labels: ["a", "b", "d"] },
      { ...answers, targets },
    ])
      expect(() => pairedDifference(scored.a, scoreAnswers(other))).toThrow(message);
  });
});

describe("what is not an answer", () => {
  const answers = drawAnswers("multi-label", 3);
  const of = (changes: object) => () => scoreAnswers({ ...answers, ...changes } as Answers);
  it.each([
    ["task", { task: "ranking" }, "answers.task must be one of single-label, multi-label, got ranking"],
    ["no clips", { groups: [], targets: [], probabilities: [] }, "at least, got none"],
    ["groups", { groups: [1, 2, 3] }, "answers.groups must be a list of strings, got a list of 3"],
    [
      "fewer rows",
      { probabilities: answers.probabilities.slice(1) },
      "answers.probabilities must be a list of 3, one Float32Array of 3 for each clip, got a list of 2",
    ],
    [
      "a shorter row",
      { targets: [...answers.targets.slice(1), new Float32Array(2)] },
      "answers.targets must be a list of 3, one Float32Array of 3 for each clip, got a Float32Array as clip 2",
    ],
    ["a threshold", { thresholds: { a: 2 } }, "answers.thresholds.a must be a number from 0 to 1, got 2"],
  ])("is named: %s", (_, changes, message) => {
    expect(of(changes)).toThrow(message);
  });
});
