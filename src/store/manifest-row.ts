import { nearest } from "../core/check.js";
import { DataError } from "../core/errors.js";
import { ALL_OTHERS, type LabelFacts } from "../dataset/known-labels.js";

export const COLUMNS = ["path", "label", "group", "split", "absent"] as const;

/** A row of a manifest as it is written; a column that is missing or empty is "". */
export interface ManifestRow {
  /** Line in the file, from 1. */
  readonly line: number;
  readonly path: string;
  /** The spelling of every label. */
  readonly labels: readonly string[];
  readonly group: string;
  readonly split: string;
  /** The spelling of every label that the clip is said to lack. */
  readonly absent: readonly string[];
}

/** The rows that can be read, and the names of the columns that are ignored. */
export interface ManifestRows {
  readonly rows: ManifestRow[];
  readonly ignored: ReadonlySet<string>;
  /** What else to tell about the whole manifest. */
  readonly notices: readonly string[];
}

/** Called for a row that is left out. */
export type OnBadRow = (line: number, reason: string) => void;

/** The spellings of the labels in a cell, which are separated by `|`. */
export function labelsIn(cell: string): string[] {
  const pieces = cell.split("|");
  return pieces.length === 1 ? pieces : pieces.map((piece) => piece.trim());
}

/**
 * The labels of a row, as they are spelled: `?violin` says that it is not known whether the clip has the label violin, and
 * `?` says so of every label that the row does not name.
 */
export function factsIn({ labels, absent }: Pick<ManifestRow, "labels" | "absent">): LabelFacts {
  const named = labels.filter((label) => label.trim() !== "");
  const isUnknown = (label: string) => /^\s*\?/.test(label);
  return {
    labels: named.filter((label) => !isUnknown(label)),
    unknownLabels: named.filter(isUnknown).map((label) => label.replace(/^[\s?]+/, "").trim() || ALL_OTHERS),
    absentLabels: absent.filter((label) => label.trim() !== ""),
  };
}

/**
 * Returns the names that are no columns of a manifest.
 * @param remedy end of the message if both required columns are missing
 * @throws DataError if a required column is missing, one is named twice, or an optional one is misspelled and would be
 *   ignored
 */
export function otherColumns(where: string, header: readonly string[], remedy = ""): string[] {
  const missing = COLUMNS.filter((column) => !header.includes(column));
  const others = header.filter((name) => !(COLUMNS as readonly string[]).includes(name));
  for (const name of others) {
    const near = nearest(name, missing);
    if (near !== undefined)
      throw new DataError(where, `has the unknown column ${name}; did you mean ${near}?`);
  }
  const twice = COLUMNS.find((column) => header.indexOf(column) !== header.lastIndexOf(column));
  if (twice !== undefined) throw new DataError(where, `has the column ${twice} twice; rename or remove one`);
  const needed = missing.filter((column) => column === "path" || column === "label");
  if (needed.length > 0) {
    const end = needed.length === 2 ? remedy : "";
    throw new DataError(where, `needs the columns path and label, has ${header.join(", ") || "none"}${end}`);
  }
  return others;
}
