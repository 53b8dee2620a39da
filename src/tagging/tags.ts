import { DEFAULT_THRESHOLD } from "./calibration.js";
import type { ModelInfo } from "./model-info.js";

/** One tag of a clip. */
export interface Tag {
  label: string;
  /** In [0, 1]. The probabilities of a single-label model sum to 1. */
  probability: number;
  /**
   * The probability from which on the clip has the tag: the one that was tuned on the validation clips, 0.5 in models that
   * are not calibrated, or `TagOptions.threshold`. null in a single-label model unless that is given.
   */
  threshold: number | null;
  /**
   * Whether the tag is the answer, or in a multi-label model one of the answers: the most probable one of a single-label
   * model, and in a multi-label model each, if it reaches its threshold.
   */
  isPresent: boolean;
}

/**
 * Every label with its probability, most probable first.
 * @param probabilities a clip's or a segment's, in the order of the model's labels
 * @param asked see `TagOptions.threshold`
 */
export function tagsOfAnswer(
  probabilities: Float32Array,
  { task, labels, calibration }: Pick<ModelInfo, "task" | "labels" | "calibration">,
  asked: number | undefined,
): Tag[] {
  const isSingle = task === "single-label";
  const own = (label: string) => (isSingle ? null : (calibration?.thresholds?.[label] ?? DEFAULT_THRESHOLD));
  const tags = labels.map((label, i) => {
    const [probability, threshold] = [probabilities[i], asked ?? own(label)];
    return { label, probability, threshold, isPresent: probability >= (threshold ?? 0) };
  });
  tags.sort((a, b) => b.probability - a.probability);
  if (isSingle) for (const tag of tags.slice(1)) tag.isPresent = false;
  return tags;
}
