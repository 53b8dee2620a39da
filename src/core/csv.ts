/** Cells that must be quoted: they hold the separator, a quote, a line break, or white space that a reader might cut off. */
const SPECIAL = /[",\r\n]|^\s|\s$/;

const cell = (value: string | number | null): string => {
  const text = value === null ? "" : String(value);
  return SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/**
 * One line of a CSV file, without its line feed: cells are quoted as RFC 4180 says; null is an empty cell. Lines of
 * timbrel's files end with a line feed alone, as Unix tools want it.
 */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return cells.map(cell).join(",");
}

/** Rows as CSV, one a line. */
export function csvText(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => `${csvLine(row)}\n`).join("");
}
