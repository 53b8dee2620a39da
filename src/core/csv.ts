/** Cells that must be quoted: they hold the separator, a quote, a line break, or white space that a reader might cut off. */
const SPECIAL = /[",\r\n]|^\s|\s$/;

const cell = (value: string | number | null): string => {
  const text = value === null ? "" : String(value);
  return SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/**
 * Rows as CSV, quoted as in RFC 4180, one row a line, lines ended by a line feed. null is an empty cell.
 * @example
 */
export function csvText(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}
