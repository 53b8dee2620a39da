import type { Random } from "../core/random.js";
import { recordOf } from "../core/record.js";

/** Truth and answer of every clip: rows of [nLabels]. */
export interface Answers {
  readonly labels: readonly string[];
  /** 1 for every label that the clip has. */
  readonly targets: readonly Float32Array[];
  readonly probabilities: readonly Float32Array[];
}

/** Scores of single-label answers. */
export interface SingleLabelScores {
  readonly nClips: number;
  readonly accuracy: number;
  /** Mean recall over the labels that occur. */
  readonly balancedAccuracy: number;
  /** Percentiles 2.5 and 97.5 of `balancedAccuracy` when the clips of each label are resampled. */
  readonly interval: readonly [low: number, high: number];
  /** Fraction of each label's clips that are answered correctly; labels without clips are left out. */
  readonly recall: Readonly<Record<string, number>>;
  /** confusion[i][j] is the number of clips of label i answered as label j. */
  readonly confusion: readonly (readonly number[])[];
  /** Mean cross-entropy [nat]. */
  readonly loss: number;
}

/** Scores of multi-label answers. */
export interface MultiLabelScores {
  readonly nClips: number;
  /** Mean of the average precision over the labels; labels without clips are left out. */
  readonly meanAveragePrecision: number;
  /** Percentiles 2.5 and 97.5 of `meanAveragePrecision` when the clips are resampled. */
  readonly interval: readonly [low: number, high: number];
  readonly averagePrecision: Readonly<Record<string, number>>;
  /** Mean binary cross-entropy [nat]. */
  readonly loss: number;
}

const RESAMPLES = 1000;

/** Index of the largest element; the first one of equal elements. */
export function argmax(row: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if (row[i] > row[best]) best = i;
  return best;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Percentiles 2.5 and 97.5 of a statistic over resamples. */
function percentiles(draw: () => number, resamples: number): [number, number] {
  const values = Array.from({ length: resamples }, draw).sort((a, b) => a - b);
  return [values[Math.floor(0.025 * resamples)], values[Math.ceil(0.975 * resamples) - 1]];
}

/**
 * Scores answers to clips of exactly one label.
 *
 * The interval is the percentile bootstrap over clips, resampled within each label.
 * @param random draws the resamples
 * @param resamples number of resamples for the interval, at least 1
 * Same as: scikit-learn 1.9 balanced_accuracy_score, accuracy_score, confusion_matrix and, within 1e-6, log_loss;
 * test/evaluation/metrics.test.ts
 */
export function scoreSingleLabel(
  { labels, targets, probabilities }: Answers,
  random: Random,
  resamples = RESAMPLES,
): SingleLabelScores {
  const confusion = labels.map(() => labels.map(() => 0));
  let loss = 0;
  targets.forEach((target, clip) => {
    const truth = argmax(target);
    confusion[truth][argmax(probabilities[clip])]++;
    loss -= Math.log(Math.max(probabilities[clip][truth], 1e-15)) / targets.length;
  });
  const present = labels.map((_, i) => i).filter((i) => confusion[i].some((count) => count > 0));
  const total = (i: number) => confusion[i].reduce((sum, count) => sum + count, 0);
  const recalls = present.map((i) => confusion[i][i] / total(i));
  const resample = () =>
    mean(
      present.map((i, k) => {
        const n = total(i);
        let hits = 0;
        for (let draw = 0; draw < n; draw++) if (random.uniform() < recalls[k]) hits++;
        return hits / n;
      }),
    );
  return {
    nClips: targets.length,
    accuracy: present.reduce((sum, i) => sum + confusion[i][i], 0) / targets.length,
    balancedAccuracy: mean(recalls),
    interval: percentiles(resample, resamples),
    recall: recordOf(present.map((i, k) => [labels[i], recalls[k]])),
    confusion,
    loss,
  };
}

/**
 * Average precision of a ranking: the mean, over the relevant clips, of the precision at each one's rank; clips with
 * equal scores share a rank.
 * Same as: scikit-learn 1.9 average_precision_score; test/evaluation/metrics.test.ts
 */
export function averagePrecision(relevant: readonly boolean[], scores: readonly number[]): number {
  const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
  let hits = 0;
  let sum = 0;
  for (let i = 0; i < order.length; ) {
    let end = i;
    let hitsHere = 0;
    for (; end < order.length && scores[order[end]] === scores[order[i]]; end++)
      if (relevant[order[end]]) hitsHere++;
    hits += hitsHere;
    sum += hitsHere * (hits / end);
    i = end;
  }
  return sum / hits;
}

/**
 * Scores answers to clips of any number of labels; the interval is the percentile bootstrap over clips.
 * @param resamples number of resamples for the interval, at least 1
 */
export function scoreMultiLabel(
  { labels, targets, probabilities }: Answers,
  random: Random,
  resamples = RESAMPLES,
): MultiLabelScores {
  const clips = targets.map((_, clip) => clip);
  const precisions = (chosen: readonly number[]) =>
    labels.flatMap((label, i) => {
      const relevant = chosen.map((clip) => targets[clip][i] === 1);
      if (!relevant.includes(true)) return [];
      return [
        [
          label,
          averagePrecision(
            relevant,
            chosen.map((clip) => probabilities[clip][i]),
          ),
        ] as const,
      ];
    });
  const meanOf = (chosen: readonly number[]) => mean(precisions(chosen).map(([, precision]) => precision));
  let loss = 0;
  for (const clip of clips)
    for (let i = 0; i < labels.length; i++) {
      const right = targets[clip][i] === 1 ? probabilities[clip][i] : 1 - probabilities[clip][i];
      loss -= Math.log(Math.max(right, 1e-15)) / (clips.length * labels.length);
    }
  return {
    nClips: clips.length,
    meanAveragePrecision: meanOf(clips),
    interval: percentiles(() => meanOf(clips.map(() => random.pick(clips))), resamples),
    averagePrecision: recordOf(precisions(clips)),
    loss,
  };
}
