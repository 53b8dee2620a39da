import { FEWEST_GROUPS } from "../evaluation/bootstrap.js";
import { mainMeasure } from "../evaluation/measures.js";
import { type Difference, type Verdict, verdictOn } from "../evaluation/paired-difference.js";
import type {
  Interval,
  MultiLabelScores,
  PrecisionRecall,
  Scores,
  SingleLabelScores,
} from "../evaluation/scores.js";
import { percent, shortLabel, table } from "./table.js";

/** Largest width of a table [characters]. */
export const MAX_WIDTH = 110;
/** Number of labels above which a table shows only those with the lowest scores. */
const MANY_LABELS = 40;
const SHOWN_OF_MANY = 20;

const number = (value: number, text: (value: number) => string) => (Number.isNaN(value) ? "–" : text(value));
/** A fraction as a percentage; a dash if it is not defined. */
const fraction = (value: number) => number(value, percent);
/** The same without the sign, in tables that say so. */
const bare = (value: number) => number(value, (each) => (100 * each).toFixed(1));
const interval = (ends: Interval | null | undefined, text: (value: number) => string) =>
  ends ? ends.map(text).join(" to ") : NO_INTERVAL;

const NO_INTERVAL = "none";

/** Says why a row has no interval although there are several groups; nothing if every row has one. */
function missingIntervals(rows: readonly (readonly string[])[], { nGroups }: Scores): string[] {
  return nGroups > 1 && rows.some((cells) => cells.includes(NO_INTERVAL))
    ? [`no interval: the clips with the label are in fewer than ${FEWEST_GROUPS} groups`]
    : [];
}

/** The main scores of several models, one row each. */
export function comparisonTable(rows: readonly (readonly [name: string, scores: Scores])[]): string {
  const [[, { task }]] = rows;
  const columns: [string, (scores: Scores) => string][] = [
    [mainMeasure(task).title, (scores) => fraction(mainMeasure(task).of(scores))],
    ["95 % interval", ({ intervals }) => interval(intervals[mainMeasure(task).name], percent)],
    ...(task === "single-label" ? SINGLE_COLUMNS : MULTI_COLUMNS),
    ["macro F1", ({ macro }) => fraction(macro.f1)],
    ["loss", ({ loss }) => number(loss, (value) => value.toFixed(3))],
    ["calibration error", ({ calibrationError }) => fraction(calibrationError)],
  ];
  // The top 3 of two or three labels are all labels.
  const shown = columns.filter(([, cell]) => rows.some(([, scores]) => cell(scores) !== ""));
  const cells = rows.map(([name, scores]) => [name, ...shown.map(([, cell]) => cell(scores))]);
  return table([["", ...shown.map(([title]) => title)], ...cells]);
}

const SINGLE_COLUMNS: [string, (scores: Scores) => string][] = [
  ["accuracy", (scores) => ("accuracy" in scores ? fraction(scores.accuracy) : "")],
  ["top 3", (scores) => ("top3Accuracy" in scores ? fraction(scores.top3Accuracy ?? Number.NaN) : "")],
];

const MULTI_COLUMNS: [string, (scores: Scores) => string][] = [
  ["ROC-AUC", (scores) => ("rocAuc" in scores ? fraction(scores.rocAuc) : "")],
];

/** Paired differences of the main score, one row each, and whether chance explains them. */
export function differenceTable(
  { task, nGroups }: Pick<Scores, "task" | "nGroups">,
  rows: readonly (readonly [name: string, differences: Readonly<Record<string, Difference>>])[],
): string {
  const { name: measure, title } = mainMeasure(task);
  const cells = rows.map(([name, differences]) => {
    const { difference, interval: ends } = differences[measure];
    return [
      name,
      signed(difference),
      interval(ends, signed),
      VERDICTS[verdictOn(differences[measure], nGroups)],
    ];
  });
  const width = Math.max(...cells.map(([, , , verdict]) => verdict.length));
  for (const row of cells) row[3] = row[3].padEnd(width);
  return table([[`difference in ${title} [points]`, "", "95 % interval", ""], ...cells]);
}

const signed = (value: number) => number(value, (each) => `${each < 0 ? "" : "+"}${(100 * each).toFixed(1)}`);

const VERDICTS: Readonly<Record<Verdict, string>> = {
  higher: "better",
  lower: "worse",
  "may be chance": "may be chance",
  "too few groups": "too few groups to tell",
  "not defined": "",
};

/** The scores of every label of a single-label task; of many labels, those with the lowest F1. */
export function labelTable(scores: SingleLabelScores, labels: readonly string[]): string {
  const { perLabel, confusion, labelIntervals, macro, weighted, nClips } = scores;
  const rows = lowest(Object.entries(perLabel), ({ f1 }) => f1).map(([label, { support, ...each }]) => [
    shortLabel(label),
    String(support),
    fraction(each.precision),
    fraction(each.recall),
    interval(labelIntervals[label]?.["recall"], percent),
    fraction(each.f1),
    mistakenFor(confusion[labels.indexOf(label)], labels.indexOf(label), labels),
  ]);
  const mean = (name: string, { precision, recall, f1 }: PrecisionRecall) => [
    ...[name, String(nClips), fraction(precision), fraction(recall), "", fraction(f1), ""],
  ];
  const heading = ["label", "clips", "precision", "recall", "95 % interval", "F1", "most often mistaken for"];
  return [
    table([heading, ...rows, mean("macro", macro), mean("weighted", weighted)]),
    ...moreLabels(rows.length, Object.keys(perLabel).length, "F1"),
    ...missingIntervals(rows, scores),
  ].join("\n");
}

function mistakenFor(counts: readonly number[], truth: number, labels: readonly string[]): string {
  const wrong = counts.map((count, j) => (j === truth ? 0 : count));
  const most = Math.max(...wrong);
  return most === 0 ? "" : `${shortLabel(labels[wrong.indexOf(most)])} (${most})`;
}

/** The labels with the lowest scores, the lowest first, if there are many; else all, as they are. */
function lowest<T>(entries: [string, T][], scoreOf: (scores: T) => number): [string, T][] {
  if (entries.length <= MANY_LABELS) return entries;
  return entries.sort(([, a], [, b]) => scoreOf(a) - scoreOf(b)).slice(0, SHOWN_OF_MANY);
}

const moreLabels = (shown: number, count: number, score: string): string[] =>
  count === shown
    ? []
    : [`and ${count - shown} more labels, whose ${score} is higher; JSON and CSV have them all`];

/** The scores of every label of a multi-label task; of many labels, those with the lowest average precision. */
export function tagTable(scores: MultiLabelScores): string {
  const { perLabel, labelIntervals, meanLabels } = scores;
  const isPartlyUnknown = Object.values(perLabel).some(({ unknown }) => unknown > 0);
  const inMeans = Object.entries(perLabel).filter(([label]) => meanLabels.includes(label));
  const rows = lowest(inMeans, ({ averagePrecision }) => averagePrecision).map(([label, each]) => [
    shortLabel(label),
    ...[each.positives, each.negatives].map(String),
    ...(isPartlyUnknown ? [String(each.unknown)] : []),
    bare(each.averagePrecision),
    interval(labelIntervals[label]?.["averagePrecision"], bare),
    bare(each.rocAuc),
    each.threshold.toFixed(2),
    ...prf(each),
  ]);
  const blank = isPartlyUnknown ? ["", "", ""] : ["", ""];
  const heading = [
    ...["[%]", "with", "without", ...(isPartlyUnknown ? ["unknown"] : [])],
    ...["AP", "95 % interval", "ROC-AUC", "threshold", "precision", "recall", "F1"],
  ];
  const macro = [bare(scores.meanAveragePrecision), "", bare(scores.rocAuc)];
  const micro = [bare(scores.microAveragePrecision), "", bare(scores.microRocAuc)];
  return [
    "clips with and without each label, AP (average precision), and the answers from the threshold on",
    table([
      heading,
      ...rows,
      ["macro", ...blank, ...macro, "", ...prf(scores.macro)],
      ["micro", ...blank, ...micro, "", ...prf(scores.micro)],
      ["weighted", ...blank, "", "", "", "", ...prf(scores.weighted)],
    ]),
    ...moreLabels(rows.length, inMeans.length, "AP"),
    ...missingIntervals(rows, scores),
    ...outOfMeans(scores),
  ].join("\n");
}

const prf = ({ precision, recall, f1 }: PrecisionRecall): string[] => [precision, recall, f1].map(bare);

/** Which labels the means leave out, and why. */
function outOfMeans({ perLabel, meanLabels }: MultiLabelScores): string[] {
  const labels = Object.keys(perLabel);
  const named = (positives: number, what: string) => {
    const found = labels.filter(
      (label) => !meanLabels.includes(label) && perLabel[label].positives === positives,
    );
    return found.length === 0
      ? []
      : wrapped(`${what}: ${found.map((label) => shortLabel(label)).join(", ")}`);
  };
  const always = meanLabels.filter((label) => perLabel[label].negatives === 0);
  return [
    meanLabels.length === labels.length
      ? `The rows macro, micro and weighted are over all ${labels.length} labels.`
      : `The rows macro and weighted are over ${meanLabels.length} of ${labels.length} labels, the row micro is over all ${labels.length}.`,
    ...named(1, "Not in the means, since only 1 clip has the label"),
    ...named(0, "Not in the means, since no clip has the label"),
    ...(always.length === 0
      ? []
      : wrapped(
          `No ROC-AUC, since every clip has the label: ${always.map((label) => shortLabel(label)).join(", ")}`,
        )),
  ];
}

/** Text in lines of `MAX_WIDTH`, at most three of them. */
function wrapped(text: string): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = `${lines[lines.length - 1]} ${word}`.trim();
    if (line.length <= MAX_WIDTH) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines.length <= 3 ? lines : [...lines.slice(0, 3), "..."];
}

/** Smallest width of a column with a label's name. */
const LEAST_COLUMN = 4;
/** Number of pairs of labels that are listed where a matrix is too wide. */
const SHOWN_PAIRS = 15;

/**
 * Which labels are mistaken for which: rows are the clips' labels, columns the answers. Long names are cut; too many become
 * numbers; if even these do not fit, the most frequent mistakes are listed instead.
 */
export function confusionTable(
  { confusion, perLabel }: SingleLabelScores,
  labels: readonly string[],
): string {
  const shown = labels.map((label) => shortLabel(label));
  const rowWidth = Math.max(...shown.map((label) => label.length)) + String(labels.length).length + 1;
  const width = Math.floor((MAX_WIDTH - rowWidth) / labels.length) - 2;
  const widest = Math.max(...confusion.flat(), labels.length);
  if (width < String(widest).length) return pairTable(confusion, { labels, perLabel });
  const cut = labels.map((label) => shortLabel(label, width));
  const isNumbered = width < LEAST_COLUMN || new Set(cut).size < cut.length;
  const columns = isNumbered ? labels.map((_, j) => String(j + 1)) : cut;
  const rows = shown.map((label, i) => [
    isNumbered ? `${i + 1} ${label}` : label,
    ...confusion[i].map((count) => (count === 0 ? "." : String(count))),
  ]);
  return `clips by label (rows) and answer (columns)\n${table([["", ...columns], ...rows])}`;
}

function pairTable(
  confusion: SingleLabelScores["confusion"],
  { labels, perLabel }: Pick<SingleLabelScores, "perLabel"> & { labels: readonly string[] },
): string {
  const pairs = confusion.flatMap((row, i) => row.map((count, j) => ({ i, j, count })));
  const wrong = pairs.filter(({ i, j, count }) => i !== j && count > 0).sort((a, b) => b.count - a.count);
  if (wrong.length === 0) return "no clip is mistaken";
  const rows = wrong.slice(0, SHOWN_PAIRS).map(({ i, j, count }) => {
    const [label, answer] = [labels[i], labels[j]];
    return [shortLabel(label), shortLabel(answer), `${count} of ${perLabel[label].support}`];
  });
  const more = wrong.length > SHOWN_PAIRS ? `\nand ${wrong.length - SHOWN_PAIRS} other pairs` : "";
  return `most frequent mistakes\n${table([["label", "answer", "clips"], ...rows], 2)}${more}`;
}
