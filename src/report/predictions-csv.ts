import { csvText } from "../core/csv.js";
import { clipResult } from "../evaluation/clip-result.js";
import type { ClipAnswer } from "../evaluation/evaluate-model.js";
import type { AnyModel } from "../tagging/open-tagger.js";

/** First cells of the head: what tells such a file from others. */
export const PREDICTIONS_HEAD = "file,true,predicted,correct,";

/**
 * The answers to clips as CSV, the worst first: by the loss, highest first. Labels are separated by `|`; `?` is before a
 * label of which it is not known whether the clip has it.
 */
export function predictionsCsv(answers: readonly ClipAnswer[], info: AnyModel["info"]): string {
  const { task, labels } = info;
  const thresholds = "calibration" in info ? info.calibration?.thresholds : null;
  const isSingle = task === "single-label";
  const judged = answers
    .map((answer) => ({ ...answer, ...clipResult(answer, { task, labels, thresholds }) }))
    .sort((a, b) => b.loss - a.loss);
  const hasNovelty = answers.some(({ novelty }) => novelty !== null);
  const head = [
    "file",
    "true",
    "predicted",
    "correct",
    ...(isSingle ? ["probability"] : []),
    "loss",
    ...(hasNovelty ? ["novelty"] : []),
  ];
  const rows = judged.map(({ clip, targets, probabilities, novelty, predicted, isCorrect, loss }) => [
    clip.name,
    labels.flatMap((label, i) => nameOf(label, targets[i])).join("|"),
    predicted.join("|"),
    String(isCorrect),
    ...(isSingle ? [rounded(probabilities[targets.indexOf(1)])] : []),
    rounded(loss),
    ...(hasNovelty ? [novelty === null ? null : rounded(novelty)] : []),
    ...Array.from(probabilities, rounded),
  ]);
  return csvText([[...head, ...labels.map((label) => `p(${label})`)], ...rows]);
}

const nameOf = (label: string, target: number): string[] => {
  if (Number.isNaN(target)) return [`?${label}`];
  return target === 1 ? [label] : [];
};

/** A number with the digits that a 32-bit float has. */
const rounded = (value: number): number => Number(value.toPrecision(7));
