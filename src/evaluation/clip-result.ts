import type { Task } from "../nn/training-step.js";
import { DEFAULT_THRESHOLD } from "../tagging/calibration.js";
import { argmax } from "./answers.js";

/** Least probability in a log loss. */
const LEAST = 1e-15;

/** What the answer to one clip is worth. */
export interface ClipResult {
  /** The labels that are answered: the most probable one, or each that reaches its threshold. */
  readonly predicted: readonly string[];
  /** Whether these are the clip's labels, as far as those are known. */
  readonly isCorrect: boolean;
  /** Cross-entropy [nat]; in a multi-label task the mean over the labels of which it is known. */
  readonly loss: number;
}

/** Judges the answer to one clip. */
export function clipResult(
  { targets, probabilities }: { targets: Float32Array; probabilities: Float32Array },
  {
    task,
    labels,
    thresholds,
  }: {
    task: Task;
    labels: readonly string[];
    thresholds?: Readonly<Record<string, number>> | null | undefined;
  },
): ClipResult {
  const logOf = (probability: number) => Math.log(Math.max(probability, LEAST));
  if (task === "single-label") {
    const best = argmax(probabilities);
    return {
      predicted: [labels[best]],
      isCorrect: targets[best] === 1,
      loss: -logOf(probabilities[targets.indexOf(1)]),
    };
  }
  const isAnswered = labels.map((label, i) => probabilities[i] >= (thresholds?.[label] ?? DEFAULT_THRESHOLD));
  const known = labels.map((_, i) => i).filter((i) => !Number.isNaN(targets[i]));
  const losses = known.map((i) => -logOf(targets[i] === 1 ? probabilities[i] : 1 - probabilities[i]));
  return {
    predicted: labels.filter((_, i) => isAnswered[i]),
    isCorrect: known.every((i) => isAnswered[i] === (targets[i] === 1)),
    loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
  };
}
