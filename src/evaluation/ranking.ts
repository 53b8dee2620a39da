/** Decisions in the order of their probabilities, the highest first. */
export interface Ranking {
  /** The clip of each decision. */
  readonly clips: Int32Array;
  /** 1 if the clip has the label, else 0. */
  readonly positive: Uint8Array;
  /** 1 if the next decision has a lower probability: equal ones share a rank. */
  readonly isLast: Uint8Array;
  /** Number of decisions with a probability of at least their label's threshold. */
  readonly nAnswered: number;
}

/** What a ranking is worth. */
export interface RankScores {
  /** NaN if no decision is positive. */
  readonly averagePrecision: number;
  /** NaN if none is positive, or all are. */
  readonly rocAuc: number;
  readonly positives: number;
  readonly negatives: number;
  /** Of the decisions at or above the threshold. */
  readonly hits: number;
  readonly answered: number;
}

/** Decisions whether clips have labels, as columns. */
export interface Decisions {
  readonly clips: Int32Array;
  /** 1 if the clip has the label, else 0. */
  readonly positive: Uint8Array;
  readonly probabilities: Float32Array;
}

/** Ranks decisions; null if a probability is not a number. */
export function rank({ clips, positive, probabilities }: Decisions, threshold: number): Ranking | null {
  if (probabilities.some(Number.isNaN)) return null;
  const order = Int32Array.from(clips, (_, i) => i).sort((a, b) => probabilities[b] - probabilities[a]);
  return {
    clips: order.map((i) => clips[i]),
    positive: Uint8Array.from(order, (i) => positive[i]),
    isLast: Uint8Array.from(order, (i, place) =>
      probabilities[order[place + 1]] === probabilities[i] ? 0 : 1,
    ),
    nAnswered: probabilities.reduce((count, probability) => count + (probability >= threshold ? 1 : 0), 0),
  };
}

/**
 * Scores a ranking in which each clip counts as often as `counts` says.
 *
 *     averagePrecision = mean over the positive decisions of the precision at their rank
 *     rocAuc = fraction of pairs of a positive and a negative in which the positive is higher; equal ones count half
 *
 * Same as: scikit-learn 1.9 average_precision_score and roc_auc_score, within 1e-10; test/evaluation/scores.test.ts
 */
export function scoreRanking(
  { clips, positive, isLast, nAnswered }: Ranking,
  counts: ArrayLike<number>,
): RankScores {
  let [seen, hits, seenBefore, hitsHere] = [0, 0, 0, 0];
  let [precisions, pairsLost] = [0, 0];
  let [answered, answeredHits] = [0, 0];
  for (let i = 0; i < clips.length; i++) {
    const count = counts[clips[i]];
    seen += count;
    if (positive[i] === 1) hitsHere += count;
    if (isLast[i] === 0) continue;
    if (hitsHere > 0) {
      const negativesBefore = seenBefore - hits;
      hits += hitsHere;
      precisions += hitsHere * (hits / seen);
      pairsLost += (hitsHere * (negativesBefore + seen - hits)) / 2;
      hitsHere = 0;
    }
    seenBefore = seen;
    if (i < nAnswered) [answered, answeredHits] = [seen, hits];
  }
  const negatives = seen - hits;
  return {
    averagePrecision: precisions / hits,
    rocAuc: 1 - pairsLost / (hits * negatives),
    positives: hits,
    negatives,
    hits: answeredHits,
    answered,
  };
}
