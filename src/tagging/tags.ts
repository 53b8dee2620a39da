import { type Calibration, DEFAULT_THRESHOLD } from "./calibration.js";

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
   * model, and in a multi-label model each, if it reaches its threshold. None is, if the sound is unknown.
   */
  isPresent: boolean;
}

/**
 * Every label of a model with its probability, most probable first.
 * @param probabilities one for each label of the model
 * @param asked.threshold see `TagOptions.threshold`
 * @param asked.isUnknown see `Tagging.isUnknown`
 */
export function tagsFrom(
  model: {
    readonly task: "single-label" | "multi-label";
    readonly labels: readonly string[];
    readonly calibration?: Calibration | undefined;
  },
  probabilities: Float32Array,
  asked: { threshold: number | undefined; isUnknown: boolean },
): Tag[] {
  const isSingle = model.task === "single-label";
  const thresholds = model.calibration?.thresholds;
  const tags = model.labels.map((label, i): Tag => {
    const probability = probabilities[i];
    const threshold = asked.threshold ?? (isSingle ? null : (thresholds?.[label] ?? DEFAULT_THRESHOLD));
    return { label, probability, threshold, isPresent: !asked.isUnknown && probability >= (threshold ?? 0) };
  });
  tags.sort((a, b) => b.probability - a.probability);
  if (isSingle) for (const tag of tags.slice(1)) tag.isPresent = false;
  return tags;
}
