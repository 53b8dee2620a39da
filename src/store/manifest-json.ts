import {
  COLUMNS,
  labelsIn,
  type ManifestRow,
  type ManifestRows,
  type OnBadRow,
  otherColumns,
} from "./manifest-row.js";

/**
 * Reads lines of JSON objects. Labels and groups may be numbers, labels also `true` and `false`: they are read as text.
 * @throws DataError if an object lacks a column, or misspells one
 */
export function readJsonLines(manifest: string, text: string, onBadRow: OnBadRow): ManifestRows {
  const rows: ManifestRow[] = [];
  const ignored = new Set<string>();
  for (const [i, source] of text.split("\n").entries()) {
    if (source.trim() === "") continue;
    const line = i + 1;
    const record = objectIn(source);
    if (typeof record === "string") {
      onBadRow(line, record);
      continue;
    }
    for (const name of otherColumns(`${manifest}:${line}`, [...record.keys()])) ignored.add(name);
    const row = rowOf(line, record);
    if (typeof row === "string") onBadRow(line, row);
    else rows.push(row);
  }
  return { rows, ignored, notices: [] };
}

/** The names of the members of the first line's object; none if it is not one. */
export function jsonColumns(text: string): string[] {
  const first = text.split("\n").find((line) => line.trim() !== "");
  const record = first === undefined ? "is empty" : objectIn(first);
  return typeof record === "string" ? [] : [...record.keys()];
}

/** Returns the members of a JSON object, or what is wrong with the text. */
function objectIn(source: string): ReadonlyMap<string, unknown> | string {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return "is not JSON";
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) return "is not a JSON object";
  return new Map(Object.entries(value));
}

/** Returns the row of an object, or what is wrong with it. */
function rowOf(line: number, record: ReadonlyMap<string, unknown>): ManifestRow | string {
  const [path, label, group, split, absent] = COLUMNS.map((column) => record.get(column) ?? "");
  const [labels, absentLabels] = [label, absent].map(labelTexts);
  const groupText = typeof group === "boolean" ? undefined : scalarText(group);
  if (typeof path !== "string") return "path is not a string";
  if (labels === undefined) return "label is not a string, a number or a list of them";
  if (groupText === undefined) return "group is not a string or a number";
  if (typeof split !== "string") return "split is not a string";
  if (absentLabels === undefined) return "absent is not a string, a number or a list of them";
  return { line, path, labels, group: groupText, split, absent: absentLabels };
}

function labelTexts(label: unknown): string[] | undefined {
  const texts = (Array.isArray(label) ? label : [label]).map(scalarText);
  if (!texts.every((text) => text !== undefined)) return undefined;
  return texts.flatMap(labelsIn);
}

function scalarText(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}
