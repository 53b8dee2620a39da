import { recordOf } from "../core/record.js";
import { DEFAULT_THRESHOLD } from "../tagging/calibration.js";

/** Known positives below which a label has no threshold of its own: it would be that of a few clips. */
export const LEAST_POSITIVES = 5;

/** One answer: how probable a label is for a clip, and whether the clip has it. */
interface Decision {
  readonly probability: number;
  readonly isTrue: boolean;
}

/**
 * Finds the threshold of each label that gives the highest F1. Labels with fewer than 5 known positives, or without a known
 * negative, share the threshold that gives the highest F1 over all labels' answers.
 * @param answers.targets [nLabels] for each clip; NaN where it is not known whether the clip has the label
 * @param answers.probabilities [nLabels] for each clip
 */
export function fitThresholds(answers: {
  readonly labels: readonly string[];
  readonly targets: readonly Float32Array[];
  readonly probabilities: readonly ArrayLike<number>[];
}): { thresholds: Record<string, number>; sharedThreshold: string[] } {
  const { labels, targets, probabilities } = answers;
  const decisions = labels.map((_, i) =>
    targets.flatMap((target, clip): Decision[] =>
      Number.isNaN(target[i]) ? [] : [{ probability: probabilities[clip][i], isTrue: target[i] === 1 }],
    ),
  );
  const sharesOne = decisions.map((known) => {
    const positives = known.filter(({ isTrue }) => isTrue).length;
    return positives < LEAST_POSITIVES || positives === known.length;
  });
  const shared = sharesOne.includes(true) ? bestThreshold(decisions.flat()) : DEFAULT_THRESHOLD;
  return {
    thresholds: recordOf(
      labels.map((label, i) => [label, sharesOne[i] ? shared : bestThreshold(decisions[i])]),
    ),
    sharedThreshold: labels.filter((_, i) => sharesOne[i]),
  };
}

/**
 * The threshold with the highest F1, in the middle between the two probabilities that it separates; of equally good ones the
 * nearest to 0.5. `DEFAULT_THRESHOLD` if nothing is true.
 */
function bestThreshold(decisions: readonly Decision[]): number {
  const sorted = [...decisions].sort((a, b) => b.probability - a.probability);
  const positives = sorted.filter(({ isTrue }) => isTrue).length;
  let [best, bestF1, hits] = [DEFAULT_THRESHOLD, 0, 0];
  for (const [i, { probability, isTrue }] of sorted.entries()) {
    if (isTrue) hits++;
    const next = sorted[i + 1]?.probability ?? 0;
    if (next === probability && i + 1 < sorted.length) continue; // equal answers are above it together
    const f1 = (2 * hits) / (i + 1 + positives);
    const middle = (probability + next) / 2;
    const isNearer = Math.abs(middle - DEFAULT_THRESHOLD) < Math.abs(best - DEFAULT_THRESHOLD);
    if (f1 > bestF1 || (f1 === bestF1 && isNearer)) [best, bestF1] = [middle, f1];
  }
  return best;
}
