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

/** A decision whether a clip has a label. */
export interface Decision {
  readonly clip: number;
  readonly isPositive: boolean;
  readonly probability: number;
}

/** Ranks decisions; null if a probability is not a number. */
export function rank(decisions: readonly Decision[], threshold: number): Ranking | null {
  if (decisions.some(({ probability }) => Number.isNaN(probability))) return null;
  const scores = Float64Array.from(decisions, ({ probability }) => probability);
  const order = Int32Array.from(scores, (_, i) => i).sort((a, b) => scores[b] - scores[a]);
  return {
    clips: order.map((i) => decisions[i].clip),
    positive: Uint8Array.from(order, (i) => (decisions[i].isPositive ? 1 : 0)),
    isLast: Uint8Array.from(order, (i, place) => (scores[order[place + 1]] === scores[i] ? 0 : 1)),
    nAnswered: scores.reduce((count, score) => count + (score >= threshold ? 1 : 0), 0),
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
