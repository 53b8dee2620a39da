/** Rows of text as aligned columns, the first to the left and the others to the right; the first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  return rows.map((cells) => alignedRow(cells, widths)).join("\n");
}

/** One row of a table whose widths are known before its rows. */
export function alignedRow(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
    .join("  ")
    .trimEnd();
}

/** A share as a percentage of one decimal: `0.5` is `50.0 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
