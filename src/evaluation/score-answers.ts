import { recordOf } from "../core/record.js";
import { checkOptions, integer, optional } from "../core/setting-checks.js";
import { type Answers, answersTo, checkAnswers } from "./answers.js";
import { FEWEST_GROUPS, groupIndices, intervalOf, RESAMPLES, resampleGroups } from "./bootstrap.js";
import { MEASURES, type Measure } from "./measures.js";
import { meanLabelsOf, multiLabelScorer } from "./multi-label.js";
import type { Interval, MultiLabelValues, Scores, SingleLabelValues, TagScores } from "./scores.js";
import { confusionOf, labelledClips, singleLabelScorer } from "./single-label.js";

/** Answers with their scores. */
export interface ScoredAnswers {
  /** The answers that are scored: in a single-label task, those to the clips whose label is known. */
  readonly answers: Answers;
  readonly scores: Scores;
  /** Each measure in each resample, by the measure's name: what `pairedDifference` compares. */
  readonly resampled: Readonly<Record<string, Float64Array>>;
}

/**
 * Scores answers to some clips.
 *
 * The intervals are the percentile bootstrap over groups of clips, with 1000 resamples that are the same each time.
 * @param options.resamples number of resamples; with 0 there are no intervals. `@default` 1000
 * @example
 * import { scoreAnswers } from "timbrel";
 *
 * const { scores } = scoreAnswers({
 *   task: "single-label",
 *   labels: ["flute", "harp"],
 *   groups: ["player 1", "player 2", "player 3"],
 *   targets: [Float32Array.of(1, 0), Float32Array.of(1, 0), Float32Array.of(0, 1)],
 *   probabilities: [Float32Array.of(0.9, 0.1), Float32Array.of(0.3, 0.7), Float32Array.of(0.2, 0.8)],
 * });
 * if (scores.task === "single-label") console.log(scores.balancedAccuracy, scores.perLabel["harp"]);
 * // -> 0.75 { precision: 0.5, recall: 1, f1: 0.6666666666666666, support: 1 }
 */
export function scoreAnswers(answers: Answers, options: { resamples?: number } = {}): ScoredAnswers {
  checkAnswers(answers);
  checkOptions<typeof options>(options, { resamples: optional(integer(0)) });
  const { resamples = RESAMPLES } = options;
  if (answers.task === "multi-label") {
    const sampled = sample(answers, resamples, {
      valuesAt: multiLabelScorer(answers),
      measures: MEASURES["multi-label"],
      labelKeys: ["averagePrecision", "rocAuc", "precision", "recall", "f1"],
    });
    const { values, resampled, ...rest } = sampled;
    const scores = { task: answers.task, ...rest, ...values, meanLabels: meanLabelsOf(answers) };
    return { answers, scores, resampled };
  }
  const labelled = answersTo(answers, labelledClips(answers));
  const { values, resampled, ...rest } = sample(labelled, resamples, {
    valuesAt: singleLabelScorer(labelled),
    measures: MEASURES["single-label"],
    labelKeys: ["precision", "recall", "f1"],
  });
  const scores = { task: answers.task, ...rest, ...values, confusion: confusionOf(labelled) };
  return { answers: labelled, scores, resampled };
}

type Values = SingleLabelValues | MultiLabelValues;

/**
 * The scores of answers, and of resamples of them.
 * @param valuesAt scores the answers, each clip counted as often as `counts` says
 * @param labelKeys names of a label's scores that get an interval
 */
function sample<V extends Values>(
  answers: Answers,
  resamples: number,
  {
    valuesAt,
    measures,
    labelKeys,
  }: {
    valuesAt: (counts: ArrayLike<number>) => V;
    measures: readonly Measure<V>[];
    labelKeys: readonly (keyof TagScores)[];
  },
) {
  const { groups, labels } = answers;
  const { nGroups } = groupIndices(groups);
  const values = valuesAt(new Uint32Array(groups.length).fill(1));
  const nResamples = nGroups < 2 ? 0 : resamples;
  const resampled = recordOf(measures.map(({ name }) => [name, new Float64Array(nResamples)]));
  const ofLabels = labels.map(() => labelKeys.map(() => new Float64Array(nResamples)));
  resampleGroups(groups, nResamples, (counts, resample) => {
    const each = valuesAt(counts);
    for (const measure of measures) resampled[measure.name][resample] = measure.of(each);
    for (const [i, label] of labels.entries())
      for (const [k, key] of labelKeys.entries()) ofLabels[i][k][resample] = labelScore(each, label, key);
  });
  const groupsWith = groupsByLabel(answers);
  const intervalsOf = (i: number): [string, Interval | null][] =>
    labelKeys.map((key, k) => [
      key,
      groupsWith[i] < FEWEST_GROUPS ? null : intervalOf(labelScore(values, labels[i], key), ofLabels[i][k]),
    ]);
  return {
    values,
    resampled,
    nClips: groups.length,
    nGroups,
    intervals: recordOf(
      measures.map((measure) => [measure.name, intervalOf(measure.of(values), resampled[measure.name])]),
    ),
    labelIntervals: recordOf(
      labels.flatMap((label, i): [string, Record<string, Interval | null>][] =>
        label in values.perLabel ? [[label, recordOf(intervalsOf(i))]] : [],
      ),
    ),
  };
}

/** A score of a label; NaN if no clip has the label. */
function labelScore({ perLabel }: Values, label: string, key: keyof TagScores): number {
  const scores: Partial<TagScores> | undefined = perLabel[label];
  return scores?.[key] ?? Number.NaN;
}

/** The number of groups in which some clip has each label. */
function groupsByLabel({ labels, groups, targets }: Answers): number[] {
  return labels.map((_, i) => new Set(groups.filter((_, clip) => targets[clip][i] === 1)).size);
}
