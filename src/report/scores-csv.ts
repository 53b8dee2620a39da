import { csvText } from "../core/csv.js";
import type { Comparison } from "../evaluation/compare-models.js";
import type { Evaluation } from "../evaluation/evaluate-model.js";
import { measuresOf } from "../evaluation/measures.js";
import type { Difference } from "../evaluation/paired-difference.js";
import type { Interval, Scores } from "../evaluation/scores.js";

type Row = readonly (string | number | null)[];

const HEAD: Row = ["model", "label", "measure", "value", "low", "high"];

/** Scores of a model and its baselines as CSV: a line for each measure, for each score of each label and each difference. */
export function scoresCsv(scored: Omit<Evaluation, "answers">): string {
  const { majority, linear, net, kind, uncalibrated, differences } = scored;
  const model = kind === "net" ? "net" : "linear baseline";
  return csvText([
    HEAD,
    ...scoreRows("majority class", majority),
    ...(linear === null ? [] : scoreRows("linear baseline", linear)),
    ...scoreRows(model, net),
    ...(uncalibrated === null ? [] : scoreRows(`${model} before calibration`, uncalibrated)),
    ...differenceRows(`${model} minus majority class`, differences.majority),
    ...(differences.linear === null
      ? []
      : differenceRows(`${model} minus linear baseline`, differences.linear)),
  ]);
}

/** The same of two models. */
export function comparisonCsv(
  { first, other, differences }: Comparison,
  names: { first: string; other: string },
): string {
  return csvText([
    HEAD,
    ...scoreRows(names.first, first),
    ...scoreRows(names.other, other),
    ...differenceRows(`${names.first} minus ${names.other}`, differences),
  ]);
}

function scoreRows(model: string, scores: Scores): Row[] {
  const { task, nClips, nGroups, intervals, perLabel, labelIntervals } = scores;
  const counts: Row[] = Object.entries({ nClips, nGroups }).map(([name, count]) =>
    row(model, "", name, count),
  );
  const whole = measuresOf(task).map(({ name, of }) => row(model, "", name, of(scores), intervals[name]));
  const ofLabels = Object.entries(perLabel).flatMap(([label, each]) =>
    Object.entries<number>({ ...each }).map(([name, value]) =>
      row(model, label, name, value, labelIntervals[label]?.[name]),
    ),
  );
  return [...counts, ...whole, ...ofLabels];
}

function differenceRows(model: string, differences: Readonly<Record<string, Difference>>): Row[] {
  return Object.entries(differences).map(([name, { difference, interval }]) =>
    row(model, "", name, difference, interval),
  );
}

/** What is not defined is an empty cell. */
function row(model: string, label: string, name: string, value: number, interval?: Interval | null): Row {
  const [low, high] = interval ?? [null, null];
  return [model, label, name, Number.isNaN(value) ? null : value, low, high];
}
