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

/** Clips in the order of their scores, the highest first. */
interface Ranking {
  /** Indices of the clips. */
  readonly order: Int32Array;
  /** Whether each place has the same score as the one before it. */
  readonly isTie: Uint8Array;
}

/** Ranks clips; null if a score is not a number. */
function rank(scores: readonly number[]): Ranking | null {
  if (scores.some(Number.isNaN)) return null;
  const order = Int32Array.from(scores, (_, i) => i).sort((a, b) => scores[b] - scores[a]);
  return {
    order,
    isTie: Uint8Array.from(order, (clip, i) => (i > 0 && scores[order[i - 1]] === scores[clip] ? 1 : 0)),
  };
}

/**
 * Average precision of a ranking in which each clip counts as often as `counts` says; NaN if no relevant clip counts.
 */
function precisionOf(
  { order, isTie }: Ranking,
  relevant: readonly boolean[],
  counts: ArrayLike<number>,
): number {
  let [seen, hits, sum] = [0, 0, 0];
  for (let i = 0; i < order.length; ) {
    let hitsHere = 0;
    do {
      const count = counts[order[i]];
      seen += count;
      if (relevant[order[i]]) hitsHere += count;
      i++;
    } while (i < order.length && isTie[i] === 1);
    hits += hitsHere;
    if (hitsHere > 0) sum += hitsHere * (hits / seen);
  }
  return sum / hits;
}

/**
 * Average precision of a ranking: the mean, over the relevant clips, of the precision at each one's rank; clips with
 * equal scores share a rank. NaN if no clip is relevant or a score is not a number.
 * Same as: scikit-learn 1.9 average_precision_score; test/evaluation/metrics.test.ts
 */
export function averagePrecision(relevant: readonly boolean[], scores: readonly number[]): number {
  const ranking = rank(scores);
  return ranking === null
    ? Number.NaN
    : precisionOf(ranking, relevant, new Uint8Array(scores.length).fill(1));
}

/**
 * Scores answers to clips of any number of labels; the interval is the percentile bootstrap over clips. Where a probability
 * is not a number, neither are the scores.
 * @param resamples number of resamples for the interval, at least 1
 */
export function scoreMultiLabel(
  { labels, targets, probabilities }: Answers,
  random: Random,
  resamples = RESAMPLES,
): MultiLabelScores {
  const clips = targets.map((_, clip) => clip);
  // A resample only counts each clip anew, so every label is ranked once.
  const rankings = labels.map((_, i) => rank(probabilities.map((row) => row[i])));
  const relevant = labels.map((_, i) => targets.map((target) => target[i] === 1));
  /** The average precision of each label that some clip has, when each clip counts as often as `counts` says. */
  const precisions = (counts: ArrayLike<number>) =>
    labels.flatMap((label, i): [string, number][] => {
      if (!relevant[i].some((isRelevant, clip) => isRelevant && counts[clip] > 0)) return [];
      const ranking = rankings[i];
      return [[label, ranking === null ? Number.NaN : precisionOf(ranking, relevant[i], counts)]];
    });
  const meanOf = (found: readonly [string, number][]) => mean(found.map(([, precision]) => precision));
  const resample = () => {
    const counts = new Int32Array(clips.length);
    for (let draw = 0; draw < clips.length; draw++) counts[random.pick(clips)]++;
    return meanOf(precisions(counts));
  };
  let loss = 0;
  for (const clip of clips)
    for (let i = 0; i < labels.length; i++) {
      const right = targets[clip][i] === 1 ? probabilities[clip][i] : 1 - probabilities[clip][i];
      loss -= Math.log(Math.max(right, 1e-15)) / (clips.length * labels.length);
    }
  const whole = precisions(new Uint8Array(clips.length).fill(1));
  return {
    nClips: clips.length,
    meanAveragePrecision: meanOf(whole),
    interval: percentiles(resample, resamples),
    averagePrecision: recordOf(whole),
    loss,
  };
}
