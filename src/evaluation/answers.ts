import { checkChoice, checkNumber } from "../core/check.js";
import { UsageError } from "../core/errors.js";
import { checkList, checkObject, kindOf } from "../core/inputs.js";
import type { Task } from "../nn/training-step.js";

/** What is true of some clips, and what was answered. Every list of clips is in the same order. */
export interface Answers {
  readonly task: Task;
  readonly labels: readonly string[];
  /** The group of each clip: the clips of one group are drawn together when an interval is computed. */
  readonly groups: readonly string[];
  /**
   * [nLabels] for each clip: 1 if it has the label, 0 if not, NaN if that is not known. In a single-label task, a clip
   * without a 1 is not scored.
   */
  readonly targets: readonly Float32Array[];
  /** [nLabels] for each clip. */
  readonly probabilities: readonly Float32Array[];
  /** Multi-label: the least probability at which a clip is answered to have a label; `@default` 0.5 for each. */
  readonly thresholds?: Readonly<Record<string, number>> | null | undefined;
}

/** Index of the largest element; the first one of equal elements. */
export function argmax(row: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if (row[i] > row[best]) best = i;
  return best;
}

/** The answers to the clips at these places. */
export function answersTo(answers: Answers, clips: readonly number[]): Answers {
  const { groups, targets, probabilities } = answers;
  return {
    ...answers,
    groups: clips.map((clip) => groups[clip]),
    targets: clips.map((clip) => targets[clip]),
    probabilities: clips.map((clip) => probabilities[clip]),
  };
}

/** @throws UsageError naming the first member that is not as `Answers` says */
export function checkAnswers(answers: Answers): void {
  checkObject("answers", answers, "be answers to clips", {
    ...{ task: "text", labels: "list", groups: "list", targets: "list", probabilities: "list" },
  });
  const { task, labels, groups, targets, probabilities, thresholds } = answers;
  checkChoice("answers.task", task, ["single-label", "multi-label"]);
  for (const [setting, names] of Object.entries({ labels, groups }))
    if (!names.every((name) => typeof name === "string"))
      throw new UsageError({
        setting: `answers.${setting}`,
        rule: "be a list of strings",
        got: kindOf(names),
      });
  if (labels.length === 0 || groups.length === 0)
    throw new UsageError({ setting: "answers", rule: "be to 1 clip and of 1 label at least", got: "none" });
  for (const [setting, rows] of Object.entries({ targets, probabilities })) {
    checkList(`answers.${setting}`, rows, "arrays of numbers");
    const isRow = (row: unknown) => row instanceof Float32Array && row.length === labels.length;
    const wrong = rows.length === groups.length ? rows.findIndex((row) => !isRow(row)) : rows.length;
    if (wrong >= 0)
      throw new UsageError({
        setting: `answers.${setting}`,
        rule: `be a list of ${groups.length}, one Float32Array of ${labels.length} for each clip`,
        got: wrong < rows.length ? `${kindOf(rows[wrong])} as clip ${wrong}` : kindOf(rows),
      });
  }
  if (thresholds === undefined || thresholds === null) return;
  checkObject("answers.thresholds", thresholds, "be a threshold for each label");
  for (const [label, threshold] of Object.entries(thresholds))
    checkNumber(`answers.thresholds.${label}`, threshold, { min: 0, max: 1 });
}
