import type { Clip } from "../dataset/clip.js";
import { argmax, DEFAULT_THRESHOLD } from "../evaluation/answers.js";
import { LEAST_PROBABILITY } from "../evaluation/single-label.js";
import type { ModelInfo } from "../tagging/model-file.js";
import type { ClipScore } from "./report.js";

/** A clip and the probability of each of the model's labels. */
export interface AnsweredClip {
  readonly clip: Clip;
  readonly probabilities: Float32Array;
}

/** Labels shown of an answer. */
const MOST_ANSWERS = 3;

/** 1 for every label that a clip has, 0 for those that it has not, NaN where that is not known. */
export function targetsOf(clip: Clip, labels: readonly string[]): Float32Array {
  const unknown = new Set((clip as { unknownLabels?: readonly string[] }).unknownLabels);
  return Float32Array.from(labels, (label) =>
    unknown.has(label) ? Number.NaN : Number(clip.labels.includes(label)),
  );
}

/** How well a clip is answered, and which of its labels worst; labels of which it is not known are left out. */
export function clipScore(
  { clip, probabilities }: AnsweredClip,
  {
    task,
    labels,
    thresholds,
  }: Pick<ModelInfo, "task" | "labels"> & { thresholds: Readonly<Record<string, number>> | null },
): ClipScore {
  const targets = targetsOf(clip, labels);
  const known = labels.flatMap((label, i) => {
    const has = targets[i] === 1;
    const error = has ? 1 - probabilities[i] : probabilities[i];
    return Number.isNaN(targets[i]) ? [] : [{ label, has, probability: probabilities[i], error }];
  });
  const thresholdOf = (label: string) => thresholds?.[label] ?? DEFAULT_THRESHOLD;
  const isRight =
    task === "single-label"
      ? targets[argmax(probabilities)] === 1
      : known.every(({ label, has, probability }) => has === probability >= thresholdOf(label));
  const lossOf = ({ error }: { error: number }) => -Math.log(Math.max(LEAST_PROBABILITY, 1 - error));
  const counted = task === "single-label" ? known.filter(({ has }) => has) : known;
  const loss = counted.reduce((sum, answer) => sum + lossOf(answer) / counted.length, 0);
  const answers = [...known]
    .sort((a, b) => b.error - a.error)
    .slice(0, MOST_ANSWERS)
    .map(({ label, has, probability }) => ({ label, has, probability }));
  return { name: clip.name, audioHash: clip.audioHash, labels: clip.labels, isRight, loss, answers };
}
