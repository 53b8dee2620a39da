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

/** A fraction as a percentage with one decimal: `0.5` is `50.0 %`. */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}
