import { checkChoice } from "../core/check.js";
import { checkObject } from "../core/inputs.js";
import type { Task } from "../nn/training-step.js";
import type { Scores } from "./scores.js";

/** One number by which answers are judged. */
export interface Measure<S extends Scores = Scores> {
  /** Its key in records, e.g. in `metrics.jsonl`. */
  readonly name: string;
  /** Its name in sentences and tables. */
  readonly title: string;
  /** In [0, 1]; higher is better. */
  of(scores: S): number;
}

type MeasuresOf<T extends Task> = readonly Measure<Extract<Scores, { task: T }>>[];

/** The measures of each task. The first is the main one: it chooses the best epoch, and `evaluate` shows it first. */
export const MEASURES: { readonly [T in Task]: MeasuresOf<T> } = {
  "single-label": [
    {
      name: "balancedAccuracy",
      title: "balanced accuracy",
      of: ({ balancedAccuracy }) => balancedAccuracy,
    },
    { name: "accuracy", title: "accuracy", of: ({ accuracy }) => accuracy },
  ],
  "multi-label": [
    {
      name: "meanAveragePrecision",
      title: "mean average precision",
      of: ({ meanAveragePrecision }) => meanAveragePrecision,
    },
  ],
};

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
 * import { MEASURES, mainScore } from "timbrel";
 *
 * const averagePrecision = { jazz: 0.5, rock: 1 };
 * const scores = { nClips: 2, meanAveragePrecision: 0.75, interval: [0.5, 1], averagePrecision, loss: 0.4 } as const;
 * console.log(mainScore({ task: "multi-label", ...scores }), MEASURES["multi-label"][0].title);
 * // -> 0.75 mean average precision
 */
export function mainScore(scores: Scores): number {
  checkObject("scores", scores, "be scores of a task", { task: "text" });
  checkChoice("scores.task", scores.task, Object.keys(MEASURES));
  return mainMeasure(scores.task).of(scores);
}
