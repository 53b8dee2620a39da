import { checkChoice } from "../core/check.js";
import { checkObject } from "../core/inputs.js";
import type { Task } from "../nn/training-step.js";
import type { MultiLabelValues, PrecisionRecall, Scores, SingleLabelValues } from "./scores.js";

/** One number by which answers are judged. */
export interface Measure<Values = SingleLabelValues | MultiLabelValues> {
  /** Its key in records, e.g. in `metrics.jsonl` and in the intervals of scores. */
  readonly name: string;
  /** Its name in sentences and tables. */
  readonly title: string;
  /** Whether more is better. What is better the more it is is a fraction in [0, 1]. */
  readonly higherIsBetter: boolean;
  /** Whether it is shown first, and recorded in every epoch of training. */
  readonly isHeadline: boolean;
  /** NaN if it is not defined. */
  of(scores: Values): number;
}

type Both = SingleLabelValues | MultiLabelValues;

function fraction<Values>(
  name: string,
  title: string,
  of: (scores: Values) => number,
  isHeadline = false,
): Measure<Values> {
  return { name, title, higherIsBetter: true, isHeadline, of };
}

function averages(over: "macro" | "micro" | "weighted", keys: readonly (keyof PrecisionRecall)[]) {
  const title = { precision: "precision", recall: "recall", f1: "F1" };
  return keys.map((key) =>
    fraction(
      `${over}${key[0].toUpperCase()}${key.slice(1)}`,
      `${over} ${title[key]}`,
      (scores: Both) => scores[over][key],
    ),
  );
}

const LOSSES: readonly Measure<Both>[] = [
  { name: "loss", title: "loss", higherIsBetter: false, isHeadline: false, of: ({ loss }) => loss },
  {
    name: "calibrationError",
    title: "calibration error",
    higherIsBetter: false,
    isHeadline: false,
    of: ({ calibrationError }) => calibrationError,
  },
];

const SINGLE_LABEL: readonly Measure<SingleLabelValues>[] = [
  fraction("balancedAccuracy", "balanced accuracy", ({ balancedAccuracy }) => balancedAccuracy, true),
  fraction("accuracy", "accuracy", ({ accuracy }) => accuracy, true),
  fraction("top3Accuracy", "top-3 accuracy", ({ top3Accuracy }) => top3Accuracy ?? Number.NaN),
  fraction("top5Accuracy", "top-5 accuracy", ({ top5Accuracy }) => top5Accuracy ?? Number.NaN),
  ...averages("macro", ["precision", "f1"]),
  ...averages("weighted", ["precision", "f1"]),
  ...LOSSES,
];

const MULTI_LABEL: readonly Measure<MultiLabelValues>[] = [
  fraction("meanAveragePrecision", "mean average precision", (scores) => scores.meanAveragePrecision, true),
  fraction("microAveragePrecision", "micro average precision", (scores) => scores.microAveragePrecision),
  fraction("rocAuc", "ROC-AUC", ({ rocAuc }) => rocAuc),
  fraction("microRocAuc", "micro ROC-AUC", ({ microRocAuc }) => microRocAuc),
  ...averages("macro", ["precision", "recall", "f1"]),
  ...averages("micro", ["precision", "recall", "f1"]),
  ...averages("weighted", ["precision", "recall", "f1"]),
  ...LOSSES,
];

/**
 * The measures of each task. The first is the main one: it chooses the best epoch, and `evaluate` shows it first. Averages
 * of a single-label task that are always equal to one of its measures are not listed: `micro` and `weighted.recall` are
 * the accuracy, `macro.recall` is the balanced accuracy.
 */
export const MEASURES = { "single-label": SINGLE_LABEL, "multi-label": MULTI_LABEL } as const;

/** The measures of a task, the main one first. */
export function measuresOf(task: Task): readonly Measure[] {
  return MEASURES[task];
}

/** The main measure of a task. */
export function mainMeasure(task: Task): Measure {
  return measuresOf(task)[0];
}

/**
 * The main measure of some scores.
 * @example
 * import { MEASURES, mainScore, scoreAnswers } from "timbrel";
 *
 * const { scores } = scoreAnswers({
 *   task: "multi-label",
 *   labels: ["jazz", "rock"],
 *   groups: ["album 1", "album 2", "album 3"],
 *   targets: [Float32Array.of(1, 0), Float32Array.of(1, 1), Float32Array.of(0, 1)],
 *   probabilities: [Float32Array.of(0.9, 0.7), Float32Array.of(0.6, 0.8), Float32Array.of(0.2, 0.6)],
 * });
 * console.log(mainScore(scores).toFixed(3), MEASURES["multi-label"][0].title);
 * // -> 0.917 mean average precision
 */
export function mainScore(scores: Scores): number {
  checkObject("scores", scores, "be scores of a task", { task: "text" });
  checkChoice("scores.task", scores.task, Object.keys(MEASURES));
  return mainMeasure(scores.task).of(scores);
}
