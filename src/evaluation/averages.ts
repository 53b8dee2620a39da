import type { PrecisionRecall } from "./scores.js";

/** The mean; NaN of nothing. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Precision, recall and F1 of answers.
 * @param hits number of right answers
 * @param answered number of answers
 * @param positives number of clips that should be answered; recall and F1 are NaN if there are none
 * Same as: scikit-learn 1.9 precision_recall_fscore_support, within 1e-12; test/evaluation/scores.test.ts
 */
export function precisionRecall(hits: number, answered: number, positives: number): PrecisionRecall {
  return {
    precision: answered === 0 ? 0 : hits / answered,
    recall: hits / positives,
    f1: positives === 0 ? Number.NaN : (2 * hits) / (answered + positives),
  };
}

/** Mean of precision, recall and F1 over labels. */
export function averageOf(
  labels: readonly PrecisionRecall[],
  weights: readonly number[] = labels.map(() => 1),
): PrecisionRecall {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const average = (key: keyof PrecisionRecall) =>
    labels.reduce((sum, label, i) => sum + weights[i] * label[key], 0) / total;
  return { precision: average("precision"), recall: average("recall"), f1: average("f1") };
}
