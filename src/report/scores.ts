import { counted } from "../core/counted.js";
import { type LeftOut, reasonsIn } from "../evaluation/choose-clips.js";
import { choosingSentences } from "../evaluation/chose.js";
import type { Evaluation } from "../evaluation/evaluate-model.js";
import { measuresOf } from "../evaluation/measures.js";
import type { Scores } from "../evaluation/scores.js";
import type { AnyModel } from "../tagging/open-tagger.js";
import { percent, table } from "./table.js";
import { visibleLine } from "./terminal.js";

/** Scores of a model and its baselines on a set of clips, with the paths of the model and the store. */
export interface ScoredModel extends Omit<Evaluation, "answers"> {
  readonly model: string;
  readonly store: string;
  readonly labels: readonly string[];
}

/** Largest width of a confusion matrix [characters]. */
const MAX_WIDTH = 110;
const LEAST_COLUMN = 4;

/** Scores as text: first the baselines and the net, then each label, then which labels are mistaken for which. */
export function scoresReport(
  scored: ScoredModel,
  { info, linearPath }: { info: AnyModel["info"]; linearPath: string },
): string {
  const { net, labels } = scored;
  const parts = [header(scored, info), comparison(scored, linearPath)];
  if (net.task === "single-label") parts.push(recallTable(net, labels), confusionTable(net, labels));
  else parts.push(precisionTable(net));
  return parts.join("\n\n");
}

function header(scored: ScoredModel, info: AnyModel["info"]): string {
  const { model, store, split, isExternal, leftOut, net, chose } = scored;
  const what = "epoch" in info ? `epoch ${info.epoch}` : "linear baseline";
  const [choice, meaning] = choosingSentences(chose);
  const lines = [
    `model  ${visibleLine(model)} (${counted(info.labels.length, "label")}, ${what}, trained on ${counted(chose.nTrained, "clip")})`,
    `       ${choice}`,
    `data   ${visibleLine(store)}, ${split === "all" ? "all" : `split ${split}:`} ${counted(net.nClips, "clip")}`,
  ];
  if (leftOut !== null) lines.push(...leftOutLines(leftOut, net.nClips));
  else if (isExternal) lines.push("       not from the model's own splits: an external test");
  lines.push(`       ${meaning}`);
  return lines.join("\n");
}

/** How many clips are scored, and why the others are not. */
function leftOutLines(leftOut: LeftOut, nScored: number): string[] {
  const reasons = reasonsIn(leftOut);
  const total = reasons.reduce((sum, [count]) => sum + count, nScored);
  return [
    `       ${nScored} of ${total} clips are scored; left out are`,
    ...reasons.map(([count, reason]) => `       ${String(count).padStart(6)}, since ${reason}`),
  ];
}

function comparison({ majority, linear, net, kind }: ScoredModel, linearPath: string): string {
  const [main, ...others] = headlineOf(net.task).map(({ title }) => title);
  const heading = ["", main, "95 % interval", ...others, "loss"];
  const rows = [heading, row("majority class", majority)];
  if (linear !== null) rows.push(row("linear baseline", linear));
  rows.push(row(kind === "net" ? "net" : "linear baseline", net));
  const missing = linear === null && kind === "net" ? `\nno linear baseline: ${linearPath} is missing` : "";
  return table(rows) + missing;
}

const headlineOf = (task: Scores["task"]) => measuresOf(task).filter(({ isHeadline }) => isHeadline);

function row(name: string, scores: Scores): string[] {
  const [main, ...others] = headlineOf(scores.task);
  const interval = scores.intervals[main.name];
  return [
    name,
    percent(main.of(scores)),
    interval === null ? "none" : interval.map(percent).join(" to "),
    ...others.map((measure) => percent(measure.of(scores))),
    scores.loss.toFixed(3),
  ];
}

type SingleLabel = Extract<Scores, { task: "single-label" }>;

function recallTable({ confusion, perLabel }: SingleLabel, labels: readonly string[]): string {
  const rows = labels.flatMap((label, i) => {
    const scores = perLabel[label];
    if (scores === undefined) return [];
    const wrong = confusion[i].map((count, j) => (j === i ? 0 : count));
    const most = Math.max(...wrong);
    const taken = most === 0 ? "" : `${labels[wrong.indexOf(most)]} (${most})`;
    return [[label, String(scores.support), percent(scores.recall), taken]];
  });
  return table([["label", "clips", "recall", "most often mistaken for"], ...rows]);
}

function precisionTable({ perLabel }: Extract<Scores, { task: "multi-label" }>): string {
  const rows = Object.entries(perLabel).map(([label, { averagePrecision }]) => [
    label,
    percent(averagePrecision),
  ]);
  return table([["label", "average precision"], ...rows]);
}

/** Rows are the clips' labels, columns the net's answers. Long names are cut; too many become numbers. */
function confusionTable({ confusion }: SingleLabel, labels: readonly string[]): string {
  const rowWidth = Math.max(...labels.map((label) => label.length)) + 4;
  const width = Math.floor((MAX_WIDTH - rowWidth) / labels.length) - 2;
  const isNumbered = width < LEAST_COLUMN;
  const columns = labels.map((label, j) => (isNumbered ? String(j + 1) : label.slice(0, width)));
  const rows = labels.map((label, i) => [
    isNumbered ? `${i + 1} ${label}` : label,
    ...confusion[i].map((count) => (count === 0 ? "." : String(count))),
  ]);
  return `clips by label (rows) and answer (columns)\n${table([["", ...columns], ...rows])}`;
}
