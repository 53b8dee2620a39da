import { recordOf } from "../core/record.js";
import { type Answers, argmax } from "./answers.js";
import { averageOf, mean, precisionRecall } from "./averages.js";
import { binOf, calibrationErrorOf, N_BINS } from "./reliability.js";
import type { LabelScores, SingleLabelValues } from "./scores.js";

/** The smallest probability in a loss. */
export const LEAST_PROBABILITY = 1e-15;

/** The places of the clips whose label is known. */
export function labelledClips({ targets }: Answers): number[] {
  return targets.flatMap((target, clip) => (target.includes(1) ? [clip] : []));
}

/** confusion[i][j] is the number of clips of label i answered as label j. */
export function confusionOf({ labels, targets, probabilities }: Answers): number[][] {
  const confusion = labels.map(() => labels.map(() => 0));
  targets.forEach((target, clip) => {
    confusion[target.indexOf(1)][argmax(probabilities[clip])]++;
  });
  return confusion;
}

/**
 * Returns a function that scores answers to clips of exactly one label each, each clip counted as often as `counts` says.
 *
 * Of equal probabilities, that of the earlier label is the higher one. `micro` is the accuracy, `macro.recall` the balanced
 * accuracy, `weighted.recall` the accuracy.
 * Same as: scikit-learn 1.9 classification_report (its macro average over the labels that occur),
 * balanced_accuracy_score, accuracy_score, top_k_accuracy_score and, within 1e-6, log_loss; test/evaluation/scores.test.ts
 */
export function singleLabelScorer({
  labels,
  targets,
  probabilities,
}: Answers): (counts: ArrayLike<number>) => SingleLabelValues {
  const truths = targets.map((target) => target.indexOf(1));
  const answers = probabilities.map(argmax);
  const ranks = probabilities.map((row, clip) => rankOf(row, truths[clip]));
  const losses = probabilities.map((row, clip) => -Math.log(Math.max(row[truths[clip]], LEAST_PROBABILITY)));
  const confidences = probabilities.map((row, clip) => row[answers[clip]]);
  const bins = confidences.map(binOf);

  return (counts) => {
    const hits = new Float64Array(labels.length);
    const supports = new Float64Array(labels.length);
    const answered = new Float64Array(labels.length);
    const gaps = new Float64Array(N_BINS);
    let [nClips, right, inTop3, inTop5, loss] = [0, 0, 0, 0, 0];
    for (let clip = 0; clip < truths.length; clip++) nClips += counts[clip];
    for (let clip = 0; clip < truths.length; clip++) {
      const count = counts[clip];
      if (count === 0) continue;
      const truth = truths[clip];
      const hit = answers[clip] === truth ? count : 0;
      supports[truth] += count;
      answered[answers[clip]] += count;
      hits[truth] += hit;
      right += hit;
      if (ranks[clip] < 3) inTop3 += count;
      if (ranks[clip] < 5) inTop5 += count;
      loss += count * (losses[clip] / nClips);
      gaps[bins[clip]] += count * confidences[clip] - hit;
    }
    const present = labels.map((_, i) => i).filter((i) => supports[i] > 0);
    const scored = present.map((i): LabelScores => {
      return { ...precisionRecall(hits[i], answered[i], supports[i]), support: supports[i] };
    });
    return {
      accuracy: right / nClips,
      balancedAccuracy: mean(scored.map(({ recall }) => recall)),
      ...(labels.length > 3 ? { top3Accuracy: inTop3 / nClips } : {}),
      ...(labels.length > 5 ? { top5Accuracy: inTop5 / nClips } : {}),
      macro: averageOf(scored),
      micro: precisionRecall(right, nClips, nClips),
      weighted: averageOf(
        scored,
        scored.map(({ support }) => support),
      ),
      loss,
      calibrationError: calibrationErrorOf(gaps, nClips),
      perLabel: recordOf(present.map((i, k) => [labels[i], scored[k]])),
    };
  };
}

/** Number of labels that are more probable than one, or as probable and earlier. */
function rankOf(row: ArrayLike<number>, label: number): number {
  let rank = 0;
  for (let i = 0; i < row.length; i++)
    if (row[i] > row[label] || (row[i] === row[label] && i < label)) rank++;
  return rank;
}
