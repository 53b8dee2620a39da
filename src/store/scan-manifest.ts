import { readFileSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { nearest } from "../core/check.js";
import { DataError, errorLine } from "../core/errors.js";
import { SPLITS, type Split, splitMeantBy } from "../dataset/split-names.js";
import { statOrNull } from "./audio-files.js";
import type { Scan, SourceClip } from "./source-clip.js";

const COLUMNS = ["path", "label", "group", "split"] as const;

type Column = (typeof COLUMNS)[number];

interface Row {
  line: number;
  cells: Partial<Record<Column, string>>;
}

/**
 * Lists the clips of a manifest with the columns `path` and `label` (several labels separated by `|`) and, optionally,
 * `group` and `split`; other columns are ignored. CSV and TSV need a header; JSONL has one object per line, whose
 * `label` is a string or a list of strings. Paths are relative to the manifest's folder.
 * @throws DataError for a manifest that cannot be read, lacks a column, misspells one, or names an unknown split
 */
export function scanManifest(manifest: string): Scan {
  const extension = extname(manifest).toLowerCase();
  if (![".csv", ".tsv", ".jsonl"].includes(extension))
    throw new DataError(manifest, "is neither a folder nor a .csv, .tsv or .jsonl manifest");
  const scan: Scan = { clips: [], problems: [] };
  const onProblem = (line: number, reason: string): void => {
    scan.problems.push(`${manifest}:${line}: ${reason}; row left out`);
  };
  const text = readText(manifest);
  const rows =
    extension === ".jsonl"
      ? jsonRows(manifest, text, onProblem)
      : tableRows(manifest, text, extension === ".tsv" ? "\t" : ",", onProblem);
  const lineOfPath = new Map<string, number>();
  for (const row of rows) {
    const clip = readRow(manifest, row, onProblem);
    if (clip === undefined) continue;
    const earlier = lineOfPath.get(clip.path);
    if (earlier !== undefined) onProblem(row.line, `${clip.name} is already on line ${earlier}`);
    else {
      lineOfPath.set(clip.path, row.line);
      scan.clips.push(clip);
    }
  }
  return scan;
}

function readText(manifest: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(manifest)); // drops a byte order mark
  } catch (error) {
    if (error instanceof TypeError) throw new DataError(manifest, "is not UTF-8 text", { cause: error });
    throw new DataError(manifest, `cannot be read: ${errorLine(error)}`, { cause: error });
  }
}

function readRow(
  manifest: string,
  { line, cells }: Row,
  onProblem: (line: number, reason: string) => void,
): SourceClip | undefined {
  const name = cells.path?.trim() ?? "";
  const labels = (cells.label ?? "").split("|").map((label) => label.trim().normalize("NFC"));
  const named = [...new Set(labels.filter((label) => label !== ""))];
  const split = readSplit(`${manifest}:${line}`, cells.split?.trim() ?? "");
  if (name === "") return void onProblem(line, "path is empty");
  if (named.length === 0) return void onProblem(line, `label of ${name} is empty`);
  const path = resolve(dirname(manifest), name);
  const stats = statOrNull(path);
  if (stats === null) return void onProblem(line, `${name} does not exist`);
  if (!stats.isFile()) return void onProblem(line, `${name} is not a file`);
  return { path, name, labels: named, group: cells.group?.trim() || null, split };
}

/** Throws for an unknown split instead of leaving the row out: a whole split could be missing. */
function readSplit(where: string, name: string): Split | null {
  if (name === "") return null;
  const split = SPLITS.find((known) => known === name);
  if (split !== undefined) return split;
  const near = splitMeantBy(name) ?? nearest(name, SPLITS);
  const remedy = near === undefined ? "use train, valid or test" : `did you mean ${near}?`;
  throw new DataError(where, `has the unknown split ${name}; ${remedy}`);
}

function tableRows(
  manifest: string,
  text: string,
  delimiter: string,
  onProblem: (line: number, reason: string) => void,
): Row[] {
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, {
      delimiter,
      info: true,
      relax_quotes: true, // the quote in: a 12" single
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as typeof records;
  } catch (error) {
    throw new DataError(manifest, errorLine(error), { cause: error });
  }
  if (records.length === 0) throw new DataError(manifest, "is empty; it needs a header with path and label");
  const header = records[0].record.map((cell) => cell.trim());
  checkColumns(manifest, header);
  const rows: Row[] = [];
  for (const { record, info } of records.slice(1)) {
    const line = info.lines;
    if (record.length !== header.length)
      onProblem(line, `has ${record.length} cells, the header has ${header.length}`);
    else rows.push({ line, cells: Object.fromEntries(header.map((column, i) => [column, record[i]])) });
  }
  return rows;
}

function jsonRows(manifest: string, text: string, onProblem: (line: number, reason: string) => void): Row[] {
  const rows: Row[] = [];
  for (const [i, source] of text.split("\n").entries()) {
    if (source.trim() === "") continue;
    const line = i + 1;
    const cells = jsonCells(source, `${manifest}:${line}`);
    if (typeof cells === "string") onProblem(line, cells);
    else rows.push({ line, cells });
  }
  return rows;
}

/** Returns the cells of a JSON object, or what is wrong with it. */
function jsonCells(source: string, where: string): Row["cells"] | string {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return "is not JSON";
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) return "is not a JSON object";
  checkColumns(where, Object.keys(value));
  const cells: Row["cells"] = {};
  for (const column of COLUMNS) {
    const cell = (value as Record<string, unknown>)[column];
    if (cell === undefined || cell === null) continue;
    if (typeof cell === "string") cells[column] = cell;
    else if (column === "label" && Array.isArray(cell) && cell.every((one) => typeof one === "string"))
      cells.label = cell.join("|");
    else return `${column} is not a string${column === "label" ? " or a list of strings" : ""}`;
  }
  return cells;
}

/** Throws if a required column is missing, or if an optional one is misspelled and would be ignored silently. */
function checkColumns(where: string, header: string[]): void {
  const missing = COLUMNS.filter((column) => !header.includes(column));
  const others = header.filter((name) => !(COLUMNS as readonly string[]).includes(name));
  for (const name of others) {
    const near = nearest(name, missing);
    if (near !== undefined)
      throw new DataError(where, `has the unknown column ${name}; did you mean ${near}?`);
  }
  const needed = missing.filter((column) => column === "path" || column === "label");
  if (needed.length > 0)
    throw new DataError(where, `needs the columns path and label, has ${header.join(", ") || "none"}`);
}
