import { type Html, html } from "../html.js";
import { readable } from "../numbers.js";
import { cutText } from "../table.js";
import { type Cells, figure } from "./figure.js";

/** Counts of clips by their label (row) and the answer (column). */
export interface HeatMap {
  readonly title: string;
  readonly caption?: string;
  readonly labels: readonly string[];
  /** [row][column], as many of both as labels. */
  readonly counts: readonly (readonly number[])[];
  readonly notes?: readonly string[];
}

/** Size of a cell: of few labels and of many [pixels]. */
const CELL = { large: 30, small: 20 };
const MOST_LARGE = 12;
const LONGEST_NAME = 20;
const NAME_WIDTH = 7.4;
const FONT_SIZE = 12;
/** Opacity of a cell that holds its whole row. More would hide the count on it. */
const MOST_OPACITY = 0.6;

/**
 * Draws a confusion matrix: each cell is as strong as the fraction of its row that it holds, the diagonal in one colour and
 * mistakes in another.
 */
export function heatMap({ title, caption, labels, counts, notes = [] }: HeatMap): Html {
  const cell = labels.length <= MOST_LARGE ? CELL.large : CELL.small;
  const names = labels.map((label) => cutText(label, LONGEST_NAME));
  const margin = 12 + NAME_WIDTH * Math.max(...names.map(({ length }) => length));
  const size = margin + cell * labels.length + 2;
  const totals = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const middle = (i: number) => margin + cell * (i + 0.5);
  const cells = counts.flatMap((row, i) =>
    row.flatMap((count, j) => {
      if (count === 0) return [];
      const opacity = (MOST_OPACITY * count) / totals[i];
      const text = html`<text x="${middle(j)}" y="${middle(i) + 4}">${count}</text>`;
      return [
        html`<rect x="${middle(j) - cell / 2}" y="${middle(i) - cell / 2}" width="${cell}" height="${cell}" \
fill="var(--series-${i === j ? 0 : 1})" fill-opacity="${Number(opacity.toFixed(3))}"/>${text}`,
      ];
    }),
  );
  const grid = Array.from({ length: labels.length + 1 }, (_, i) => margin + cell * i).map(
    (at) => html`<path d="M${at} ${margin}V${size - 2}M${margin} ${at}H${size - 2}"/>`,
  );
  const rows = names.map(
    (name, i) => html`<text x="${margin - 6}" y="${middle(i) + 4}" text-anchor="end">${name}</text>`,
  );
  const columns = names.map(
    (name, j) =>
      html`<text transform="translate(${middle(j) + 4} ${margin - 6}) rotate(-90)" text-anchor="start">${name}</text>`,
  );
  const narrow = html`<div class="scroll" tabindex="0"><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" \
style="min-width: ${Math.round(0.8 * size)}px; max-width: ${Math.round(1.25 * size)}px" role="img" \
aria-label="${described(title, labels, counts)}" fill="currentColor" font-size="${cell === CELL.small ? 10 : FONT_SIZE}" text-anchor="middle">
<g stroke="currentColor" stroke-opacity="0.12">${grid}</g>${cells}<g font-size="${FONT_SIZE}">${rows}${columns}</g></svg></div>`;
  const numbers: Cells = [
    ["label", ...labels],
    ...counts.map((row, i) => [labels[i], ...row.map((count) => (count === 0 ? "" : String(count)))]),
  ];
  return figure({ title, ...(caption === undefined ? {} : { caption }), narrow, notes, numbers });
}

function described(title: string, labels: readonly string[], counts: HeatMap["counts"]): string {
  const rows = labels.map((label, i) => {
    const total = counts[i].reduce((sum, count) => sum + count, 0);
    return `${label}: ${readable(counts[i][i])} of ${readable(total)} right.`;
  });
  return [`${title}.`, ...rows].join(" ");
}
