import { UsageError } from "../core/errors.js";
import { checkObject } from "../core/inputs.js";
import { recordOf } from "../core/record.js";
import { FEWEST_GROUPS, intervalOf } from "./bootstrap.js";
import { measuresOf } from "./measures.js";
import type { ScoredAnswers } from "./score-answers.js";
import type { Interval } from "./scores.js";

/** By how much a measure of one model differs from that of another. */
export interface Difference {
  readonly difference: number;
  /** Percentiles 2.5 and 97.5; null where the measures themselves have no interval. */
  readonly interval: Interval | null;
}

/** What a difference says about the two models: which has the higher score on other groups, too. */
export type Verdict = "higher" | "lower" | "may be chance" | "too few groups" | "not defined";

/** Says what a difference means; of clips in few groups, nothing. */
export function verdictOn({ difference, interval }: Difference, nGroups: number): Verdict {
  if (Number.isNaN(difference)) return "not defined";
  if (interval === null || nGroups < FEWEST_GROUPS) return "too few groups";
  const [low, high] = interval;
  return low > 0 ? "higher" : high < 0 ? "lower" : "may be chance";
}

/**
 * The differences of two models' answers to the same clips, a - b, by the measure's name.
 *
 * Both are scored on the same resamples. What is hard or easy for both models so cancels, and the interval of the
 * difference is narrower than the two scores' own intervals would suggest: if it does not contain 0, the models differ.
 * @throws UsageError if the answers are not to the same clips
 * @example
 * import { pairedDifference, scoreAnswers } from "timbrel";
 *
 * const clips = {
 *   task: "single-label",
 *   labels: ["flute", "harp"],
 *   groups: ["player 1", "player 2", "player 3"],
 *   targets: [Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(0, 1)],
 * } as const;
 * const right = scoreAnswers({ ...clips, probabilities: clips.targets });
 * const flute = scoreAnswers({ ...clips, probabilities: clips.targets.map(() => Float32Array.of(1, 0)) });
 * console.log(pairedDifference(right, flute)["balancedAccuracy"]);
 * // -> { difference: 0.5, interval: [ 0, 1 ] }
 */
export function pairedDifference(a: ScoredAnswers, b: ScoredAnswers): Record<string, Difference> {
  for (const [setting, scored] of Object.entries({ a, b }))
    checkObject(setting, scored, "be what `scoreAnswers` returns", {
      ...{ answers: "object", scores: "object", resampled: "object" },
    });
  if (!areSameClips(a, b))
    throw new UsageError({
      setting: "b",
      rule: "be of the same task, labels, clips and number of resamples as `a`",
      got: "others",
    });
  return recordOf(
    measuresOf(a.scores.task).map(({ name, of }) => {
      const difference = of(a.scores) - of(b.scores);
      const resampled = a.resampled[name].map((value, i) => value - b.resampled[name][i]);
      return [name, { difference, interval: intervalOf(difference, resampled) }];
    }),
  );
}

function areSameClips({ answers, resampled }: ScoredAnswers, b: ScoredAnswers): boolean {
  const isEqual = <T>(one: ArrayLike<T>, other: ArrayLike<T>) =>
    one.length === other.length && Array.from(one).every((value, i) => Object.is(value, other[i]));
  return (
    answers.task === b.answers.task &&
    isEqual(answers.labels, b.answers.labels) &&
    isEqual(answers.groups, b.answers.groups) &&
    answers.targets.every((target, clip) => isEqual(target, b.answers.targets[clip])) &&
    Object.values(resampled)[0].length === Object.values(b.resampled)[0].length
  );
}
