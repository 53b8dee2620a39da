import { visibleLine } from "./terminal.js";

/**
 * Lays out rows of text as columns, the first `nLeft` aligned left and the others right. The first row is the heading.
 */
export function table(rows: readonly (readonly string[])[], nLeft = 1): string {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((cells) => visibleLine(cells[column]).length)),
  );
  return rows.map((cells) => alignedRow(cells, widths, nLeft)).join("\n");
}

/** Lays out one row of a table whose column widths are known in advance. */
export function alignedRow(cells: readonly string[], widths: readonly number[], nLeft = 1): string {
  return cells
    .map(visibleLine)
    .map((cell, column) => (column < nLeft ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
    .join("  ")
    .trimEnd();
}

/** A text with at most some characters: of a longer one the beginning, and `…`. */
export function cutText(text: string, most: number): string {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join("")}…`;
}

/** Longest label in a table [characters]. */
const MAX_LABEL = 20;

/** A label as a table shows it: on one line, and cut if it is long. */
export function shortLabel(label: string, most = MAX_LABEL): string {
  return cutText(visibleLine(label), most);
}

/** A fraction as a percentage with one decimal: `0.5` is `50.0 %`. */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}
