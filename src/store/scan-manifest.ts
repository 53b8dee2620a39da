import { readFileSync } from "node:fs";
import { dirname, extname } from "node:path";
import { fileURLToPath } from "node:url";
import { nearest } from "../core/check.js";
import { counted } from "../core/counted.js";
import { DataError } from "../core/errors.js";
import {
  ALL_OTHERS,
  type LabelFacts,
  labelNamedTwice,
  labelText,
  mapLabels,
} from "../dataset/known-labels.js";
import { labelOf, MAX_LABEL_CHARS } from "../dataset/labels.js";
import { SPLITS, type Split, splitMeantBy } from "../dataset/split-names.js";
import { statOrNull } from "./audio-files.js";
import { readJsonLines } from "./manifest-json.js";
import { COLUMNS, factsIn, type ManifestRow, type OnBadRow } from "./manifest-row.js";
import { readTable } from "./manifest-table.js";
import { isOnWindowsDrive, pathFinder } from "./path-finder.js";
import type { Scan, SourceClip } from "./source-clip.js";
import { onDisk } from "./system-errors.js";

/**
 * Lists the clips of a manifest with the columns `path` and `label` (several labels separated by `|`) and, optionally,
 * `group`, `split` and `absent`; other columns are ignored. CSV and TSV need a header; JSONL has one object per line, whose
 * `label` and `absent` are a string, a number or a list of them. Paths are relative to the manifest's folder; they may be
 * `file:` addresses. The text is UTF-8, or UTF-16 with a byte order mark.
 *
 * A clip lacks the labels that its row does not name. The label `?violin` says that it is not known whether the clip has the
 * label violin, and `?` says so of every label that the row does not name; `absent` then names those that the clip lacks.
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
  const needless: string[] = [];
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
      const { name, unknownLabels = [], absentLabels = [] } = clip;
      if (absentLabels.length > 0 && !unknownLabels.includes(ALL_OTHERS)) needless.push(name);
      listed.set(clip.path, { line: row.line, clip });
      scan.clips.push(clip);
    }
  }
  if (needless.length > 0)
    warn(
      `absent changes nothing for ${counted(needless.length, "clip")}, e.g. ${needless[0]}: without a ? among its labels, a clip lacks all that its row does not name`,
    );
  return scan;
}

function readText(manifest: string): string {
  const bytes = onDisk("read", manifest, () => readFileSync(manifest));
  const encoding = encodingOf(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes); // drops a byte order mark
  } catch (cause) {
    const rule =
      encoding === "utf-8" ? "is not UTF-8 text" : "is not UTF-16 text, as its first two bytes say";
    throw new DataError(manifest, `${rule}; save it as UTF-8`, { cause });
  }
}

/** The encoding that a byte order mark names; UTF-8 without one. */
function encodingOf([first, second]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (first === 0xff && second === 0xfe) return "utf-16le"; // Excel's "Unicode text"
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
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
  const facts = factsIn(row);
  const problem = labelProblem(facts, written);
  if (problem !== null) return problem;
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(written)?.[1].toLowerCase();
  if (scheme !== undefined && scheme !== "file")
    return `${written} is a web address; download the file first, and give its path`;
  const local = scheme === undefined ? written : pathOfUrl(written);
  if (local === null) return `${written} is not the address of a file on this machine`;
  const { path, name } = find(local);
  const stats = statOrNull(path);
  if (stats === null)
    return isOnWindowsDrive(written)
      ? `${written} is on a drive of Windows; give paths relative to the folder of the manifest`
      : `${written} does not exist`;
  if (!stats.isFile()) return `${written} is not a file`;
  return { path, name, ...facts, group: row.group.trim() || null, split };
}

/** What is wrong with the labels of a row; null if nothing is. */
function labelProblem(facts: LabelFacts, name: string): string | null {
  const { labels, unknownLabels = [], absentLabels = [] } = facts;
  const tooLong = [...labels, ...unknownLabels, ...absentLabels]
    .map(labelOf)
    .find(({ length }) => length > MAX_LABEL_CHARS);
  if (tooLong !== undefined)
    return `label of ${name} has ${tooLong.length} characters; use at most ${MAX_LABEL_CHARS}`;
  const twice = labelNamedTwice(mapLabels(facts, labelOf));
  if (twice !== undefined)
    return `label ${twice} of ${name} is named twice; a clip has a label, lacks it, or it is not known`;
  const isKnown = labels.length > 0 || (absentLabels.length > 0 && unknownLabels.includes(ALL_OTHERS));
  return isKnown
    ? null
    : `no label of ${name} is known: ? stands for labels that are not; name one that it has, or, in the column absent, one that it lacks`;
}

/** The path in a `file:` address; null if it has none on this machine. */
function pathOfUrl(address: string): string | null {
  try {
    return fileURLToPath(address);
  } catch {
    return null;
  }
}

/** What is wrong with the row of a file that an earlier row has listed. */
function repeatText(clip: SourceClip, { line, clip: first }: { line: number; clip: SourceClip }): string {
  const [labels, before] = [clip, first].map((each) => labelText(mapLabels(each, labelOf)));
  if (clip.group !== first.group || clip.split !== first.split)
    return `${clip.name} is already on line ${line}, with another group or split`;
  return labels === before
    ? `repeats line ${line}`
    : `${clip.name} is already on line ${line}, labelled ${before}, not ${labels}; several labels of a file go into one row, separated by |`;
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
