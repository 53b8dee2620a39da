import type { ClipResult } from "../evaluation/clip-result.js";
import type { ClipAnswer } from "../evaluation/evaluate-model.js";
import type { Task } from "../nn/training-step.js";
import type { ClipScore } from "./report.js";

/** Labels shown of an answer. */
const MOST_ANSWERS = 3;

/**
 * A clip with the labels that are answered worst, of those of which it is known whether it has them. If it may have several,
 * only those count that are answered wrongly.
 */
export function clipScore(
  { clip, targets, probabilities }: Pick<ClipAnswer, "clip" | "targets" | "probabilities">,
  { predicted, isCorrect, loss }: ClipResult,
  { task, labels }: { task: Task; labels: readonly string[] },
): ClipScore {
  const answers = labels
    .map((label, i) => ({ label, has: targets[i] === 1, probability: probabilities[i] }))
    .filter((_, i) => !Number.isNaN(targets[i]))
    .filter(({ label, has }) => task === "single-label" || predicted.includes(label) !== has);
  const errorOf = ({ has, probability }: (typeof answers)[number]) => (has ? 1 - probability : probability);
  return {
    name: clip.name,
    audioHash: clip.audioHash,
    labels: clip.labels,
    isCorrect,
    loss,
    answers: answers.sort((a, b) => errorOf(b) - errorOf(a)).slice(0, MOST_ANSWERS),
  };
}
