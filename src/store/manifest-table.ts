import { CsvError, parse } from "csv-parse/sync";
import { counted } from "../core/counted.js";
import { DataError, errorLine } from "../core/errors.js";
import {
  COLUMNS,
  labelsIn,
  type ManifestRow,
  type ManifestRows,
  type OnBadRow,
  otherColumns,
} from "./manifest-row.js";

const DELIMITERS = { ",": "commas", ";": "semicolons", "\t": "tabs" } as const;

type Delimiter = keyof typeof DELIMITERS;

/**
 * Reads a table with a header. Its cells are separated as its extension says, or as its header says if only that makes
 * sense: programs in many languages write `;` into .csv files. A first line `sep=;`, as Excel writes it, names the separator.
 * @param usual the extension's separator
 * @throws DataError if the header is not one of a manifest, or a quote is never closed
 */
export function readTable(
  manifest: string,
  text: string,
  usual: Delimiter,
  onBadRow: OnBadRow,
): ManifestRows {
  const named = namedDelimiter(manifest, text);
  const body = named === null ? text : text.replace(FIRST_LINE, ""); // the line stays, empty: lines are counted
  const delimiter = named ?? delimiterOf(body, usual);
  const [head, ...records] = parseRecords(manifest, body, delimiter);
  if (head === undefined) throw new DataError(manifest, "is empty; it needs a header with path and label");
  const header = head.cells.map((cell) => cell.trim());
  const remedy = "; the first line must name the columns";
  const ignored = new Set(otherColumns(manifest, header, remedy).filter((name) => name !== ""));
  const rows: ManifestRow[] = [];
  for (const { line, cells } of records) {
    const cellOf = (column: (typeof COLUMNS)[number]) => cells[header.indexOf(column)] ?? "";
    const broken = COLUMNS.find((column) => /[\n\r]/.test(cellOf(column).trim()));
    if (cells.length !== header.length)
      onBadRow(line, `has ${counted(cells.length, "cell")}, the header has ${header.length}`);
    else if (broken !== undefined)
      onBadRow(line, `${broken} has a line break in it: a quote may be missing, here or in a line before`);
    else {
      const [path, label, group, split, absent] = COLUMNS.map(cellOf);
      rows.push({ line, path, labels: labelsIn(label), group, split, absent: labelsIn(absent) });
    }
  }
  const notices =
    named !== null || delimiter === usual
      ? []
      : [`its columns are separated by ${DELIMITERS[delimiter]}; read so`];
  return { rows, ignored, notices };
}

const FIRST_LINE = /^"?sep=(.)"?(?=[\r\n]|$)/i;

/** The separator in a first line such as `sep=;`; null without one. */
function namedDelimiter(manifest: string, text: string): Delimiter | null {
  const [, named] = FIRST_LINE.exec(text) ?? [];
  if (named === undefined) return null;
  const known = (Object.keys(DELIMITERS) as Delimiter[]).find((delimiter) => delimiter === named);
  if (known === undefined)
    throw new DataError(`${manifest}:1`, `names the separator ${named}; use a comma, a semicolon or a tab`);
  return known;
}

/** The names of the columns of a table, by its first line; none if that cannot be read. */
export function tableColumns(text: string, usual: Delimiter): string[] {
  const body = text.replace(FIRST_LINE, "");
  return namesIn(body, delimiterOf(body, usual));
}

interface TableRecord {
  /** Line of its end, from 1. */
  readonly line: number;
  readonly cells: string[];
}

const OPTIONS = {
  record_delimiter: ["\r\n", "\n", "\r"],
  relax_quotes: true, // the quote in: a 12" single
  relax_column_count: true,
  skip_empty_lines: true,
};

/** The separator with which most columns of the header have a manifest's names; the usual one of equals. */
function delimiterOf(text: string, usual: Delimiter): Delimiter {
  const known = (delimiter: Delimiter): number => {
    const names = namesIn(text, delimiter);
    return COLUMNS.filter((column) => names.includes(column)).length;
  };
  const others = (Object.keys(DELIMITERS) as Delimiter[]).filter((delimiter) => delimiter !== usual);
  return [usual, ...others].reduce((best, next) => (known(next) > known(best) ? next : best));
}

function namesIn(text: string, delimiter: Delimiter): string[] {
  try {
    const [header = []] = parse(text, { ...OPTIONS, delimiter, to: 1 }) as string[][];
    return header.map((cell) => cell.trim());
  } catch {
    return []; // the error is reported when the rows are read
  }
}

function parseRecords(manifest: string, text: string, delimiter: Delimiter): TableRecord[] {
  let lastLine = 0;
  try {
    return parse(text, {
      ...OPTIONS,
      delimiter,
      on_record: (cells, { lines }) => {
        lastLine = lines;
        return { line: lines, cells } as never;
      },
    }) as unknown as TableRecord[];
  } catch (error) {
    if (error instanceof CsvError && error.code === "CSV_QUOTE_NOT_CLOSED")
      throw new DataError(
        `${manifest}:${lastLine + 1}`,
        'has a quote that opens a cell and is never closed; close it, or write a " that belongs to the text twice, in a cell with quotes around it',
        { cause: error },
      );
    throw new DataError(manifest, errorLine(error), { cause: error });
  }
}
