import { readFileSync } from "node:fs";
import { dirname, extname } from "node:path";
import { nearest } from "../core/check.js";
import { DataError, errorLine } from "../core/errors.js";
import { labelOf, MAX_LABEL_CHARS } from "../dataset/labels.js";
import { SPLITS, type Split, splitMeantBy } from "../dataset/split-names.js";
import { statOrNull } from "./audio-files.js";
import { readJsonLines } from "./manifest-json.js";
import { COLUMNS, type ManifestRow, type OnBadRow } from "./manifest-row.js";
import { readTable } from "./manifest-table.js";
import { isOnWindowsDrive, pathFinder } from "./path-finder.js";
import type { Scan, SourceClip } from "./source-clip.js";

/**
 * Lists the clips of a manifest with the columns `path` and `label` (several labels separated by `|`) and, optionally,
 * `group` and `split`; other columns are ignored. CSV and TSV need a header; JSONL has one object per line, whose
 * `label` is a string, a number or a list of them. Paths are relative to the manifest's folder.
 * @throws DataError for a manifest that cannot be read, lacks a column, misspells one, or names an unknown split
 */
export function scanManifest(manifest: string): Scan {
  const extension = extname(manifest).toLowerCase();
  if (![".csv", ".tsv", ".jsonl"].includes(extension))
    throw new DataError(manifest, "is neither a folder nor a .csv, .tsv or .jsonl manifest");
  const scan: Scan = { clips: [], problems: [] };
  const onBadRow: OnBadRow = (line, reason) => {
    scan.problems.push(`${manifest}:${line}: ${reason}; row left out`);
  };
  const warn = (text: string): void => {
    scan.problems.push(`${manifest}: warning: ${text}`);
  };
  const text = readText(manifest);
  const { rows, ignored, notices } =
    extension === ".jsonl"
      ? readJsonLines(manifest, text, onBadRow)
      : readTable(manifest, text, extension === ".tsv" ? "\t" : ",", onBadRow);
  for (const notice of notices) warn(notice);
  if (ignored.size > 0)
    warn(
      `${ignored.size === 1 ? "column" : "columns"} ${[...ignored].join(", ")} not read; timbrel reads ${COLUMNS.join(", ")}`,
    );
  const find = pathFinder(dirname(manifest));
  const listed = new Map<string, { line: number; clip: SourceClip }>();
  for (const row of rows) {
    const split = readSplit(`${manifest}:${row.line}`, row.split.trim());
    const clip = clipOf(row, split, find);
    if (typeof clip === "string") {
      onBadRow(row.line, clip);
      continue;
    }
    const earlier = listed.get(clip.path);
    if (earlier !== undefined) onBadRow(row.line, repeatText(clip, earlier));
    else {
      listed.set(clip.path, { line: row.line, clip });
      scan.clips.push(clip);
    }
  }
  return scan;
}

function readText(manifest: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(manifest)); // drops a byte order mark
  } catch (error) {
    if (error instanceof TypeError)
      throw new DataError(manifest, "is not UTF-8 text; save it with this encoding", { cause: error });
    throw new DataError(manifest, `cannot be read: ${errorLine(error)}`, { cause: error });
  }
}

/** Returns the clip of a row, or what is wrong with the row. */
function clipOf(
  row: ManifestRow,
  split: Split | null,
  find: ReturnType<typeof pathFinder>,
): SourceClip | string {
  const written = row.path.trim();
  if (written === "") return "path is empty";
  if (row.labels.every((label) => label.trim() === "")) return `label of ${written} is empty`;
  const tooLong = row.labels.map(labelOf).find(({ length }) => length > MAX_LABEL_CHARS);
  if (tooLong !== undefined)
    return `label of ${written} has ${tooLong.length} characters; use at most ${MAX_LABEL_CHARS}`;
  const { path, name } = find(written);
  const stats = statOrNull(path);
  if (stats === null)
    return isOnWindowsDrive(written)
      ? `${written} is on a drive of Windows; give paths relative to the folder of the manifest`
      : `${written} does not exist`;
  if (!stats.isFile()) return `${written} is not a file`;
  const labels = row.labels.filter((label) => label.trim() !== "");
  return { path, name, labels, group: row.group.trim() || null, split };
}

/** What is wrong with the row of a file that an earlier row has listed. */
function repeatText(clip: SourceClip, { line, clip: first }: { line: number; clip: SourceClip }): string {
  const facts = ({ labels, group, split }: SourceClip) =>
    JSON.stringify([labels.map(labelOf).sort(), group, split]);
  if (facts(clip) === facts(first)) return `repeats line ${line}`;
  const differs = facts({ ...clip, labels: first.labels }) === facts(first);
  return differs
    ? `${clip.name} is already on line ${line}, labelled ${first.labels.join("|")}, not ${clip.labels.join("|")}; several labels of a file go into one row, separated by |`
    : `${clip.name} is already on line ${line}, with another group or split`;
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
