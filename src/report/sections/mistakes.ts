import { counted } from "../../core/counted.js";
import type { SingleLabelScores } from "../../evaluation/scores.js";
import { tableOf } from "../charts/figure.js";
import { heatMap } from "../charts/heat-map.js";
import { html } from "../html.js";
import type { Section } from "../html-page.js";
import type { Report } from "../report.js";
import { percentText } from "./words.js";

/** Labels in the picture of a confusion matrix; those with the most mistakes stay, the rest are one row and column. */
const MOST_LABELS = 40;
const MOST_PAIRS = 10;

/** Two labels, one of which was taken for the other. */
export interface Confusion {
  readonly label: string;
  readonly answer: string;
  readonly count: number;
  /** Fraction of the label's clips. */
  readonly fraction: number;
}

/** The section on which labels are mistaken for which; null for several labels a clip, which have no such matrix. */
export function mistakesSection({ labels, parts: [{ net }] }: Report): Section | null {
  if (net.task !== "single-label") return null;
  const pairs = confusions(net, labels);
  const shown = reduced(net.confusion, labels);
  const rows = pairs
    .slice(0, MOST_PAIRS)
    .map(({ label, answer, count, fraction }) => [label, answer, String(count), percentText(fraction)]);
  const nWrong = pairs.reduce((sum, { count }) => sum + count, 0);
  const map = heatMap({
    title: "Clips by label and answer",
    caption:
      "Rows are the clips' labels, columns the net's answers. A cell is as strong as its part of the row.",
    ...shown,
    notes:
      shown.labels.length < labels.length
        ? [
            `The ${MOST_LABELS - 1} labels with the most mistakes; the other ${labels.length - MOST_LABELS + 1} are in one row and column.`,
          ]
        : [],
  });
  const table =
    rows.length === 0
      ? html`<p>No clip is mistaken.</p>`
      : html`<h3>Most frequent mistakes</h3>${tableOf([["label", "answered as", "clips", "of the label's clips"], ...rows])}`;
  return {
    id: "mistakes",
    title: "What is mistaken for what",
    body: html`<p>${nWrong} of ${counted(net.nClips, "clip")} are answered wrongly.</p><div class="wide">${map}</div>${table}`,
  };
}

/** Pairs of labels by the number of clips that are mistaken, the most first. */
export function confusions({ confusion }: SingleLabelScores, labels: readonly string[]): Confusion[] {
  return confusion
    .flatMap((row, i) => {
      const total = row.reduce((sum, count) => sum + count, 0);
      return row.flatMap((count, j) =>
        i === j || count === 0
          ? []
          : [{ label: labels[i], answer: labels[j], count, fraction: count / total }],
      );
    })
    .sort((a, b) => b.count - a.count || b.fraction - a.fraction);
}

/** A matrix of at most `MOST_LABELS` labels: what is more is added up. */
function reduced(counts: SingleLabelScores["confusion"], labels: readonly string[]) {
  if (labels.length <= MOST_LABELS) return { labels, counts };
  const mistakesOf = (i: number) =>
    counts[i].reduce((sum, count, j) => sum + (j === i ? 0 : count), 0) +
    counts.reduce((sum, row, j) => sum + (j === i ? 0 : row[i]), 0);
  const order = labels
    .map((_, i) => ({ i, mistakes: mistakesOf(i) }))
    .sort((a, b) => b.mistakes - a.mistakes);
  const kept = order
    .slice(0, MOST_LABELS - 1)
    .map(({ i }) => i)
    .sort((a, b) => a - b);
  const placeOf = labels.map((_, i) => (kept.includes(i) ? kept.indexOf(i) : kept.length));
  const small = Array.from({ length: kept.length + 1 }, () =>
    Array.from({ length: kept.length + 1 }, () => 0),
  );
  for (const [i, row] of counts.entries())
    for (const [j, count] of row.entries()) small[placeOf[i]][placeOf[j]] += count;
  return { labels: [...kept.map((i) => labels[i]), "all others"], counts: small };
}
