/**
 * One line of a CSV file, without its line feed: cells with commas, quotes or line breaks are quoted as RFC 4180 says.
 * Lines of timbrel's files end with a line feed alone, as Unix tools want it.
 */
export function csvLine(cells: readonly (string | number)[]): string {
  return cells.map((cell) => quotedCell(String(cell))).join(",");
}

function quotedCell(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
