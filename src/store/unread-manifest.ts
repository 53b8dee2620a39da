import { extname, join } from "node:path";
import { DataError } from "../core/errors.js";
import { labelText, mapLabels } from "../dataset/known-labels.js";
import { labelOf } from "../dataset/labels.js";
import { listFolder, statOrNull } from "./audio-files.js";
import { headOf } from "./file-head.js";
import { jsonColumns } from "./manifest-json.js";
import { tableColumns } from "./manifest-table.js";
import { scanManifest } from "./scan-manifest.js";
import type { SourceClip } from "./source-clip.js";

/** Enough of a file for the first line of a manifest [bytes]. */
const HEAD_BYTES = 65_536;

/** Paths of the manifests right in a folder: tables and JSON lines with the columns path and label. */
export function manifestsIn(dir: string): string[] {
  return listFolder(dir)
    .map((name) => join(dir, name))
    .filter((path) => {
      const columns = columnsOf(path);
      return columns.includes("path") && columns.includes("label");
    });
}

/**
 * Checks clips whose labels are those of their folders against a manifest beside the folders.
 * @throws DataError if the manifest gives one of them other labels
 */
export function checkAgainstManifest(manifest: string, clips: readonly SourceClip[]): void {
  const listed = new Map(readable(manifest).map((clip) => [clip.path, clip]));
  for (const clip of clips) {
    const { path, name } = clip;
    const there = listed.get(path);
    if (there !== undefined && textOf(there) !== textOf(clip))
      throw new DataError(
        manifest,
        `is a manifest that labels ${name} ${textOf(there)}, but its folder says ${textOf(clip)}; extract the manifest itself to use its labels, or move it elsewhere to use the folders`,
      );
  }
}

const textOf = (clip: SourceClip): string => labelText(mapLabels(clip, labelOf));

/** The clips of a manifest; none if it has a problem that ends its reading. */
function readable(manifest: string): readonly SourceClip[] {
  try {
    return scanManifest(manifest).clips;
  } catch (error) {
    if (error instanceof DataError) return [];
    throw error;
  }
}

function columnsOf(path: string): string[] {
  const extension = extname(path).toLowerCase();
  if (![".csv", ".tsv", ".jsonl"].includes(extension) || !statOrNull(path)?.isFile()) return [];
  const text = new TextDecoder().decode(headOf(path, HEAD_BYTES));
  if (extension === ".jsonl") return jsonColumns(text);
  return tableColumns(text, extension === ".tsv" ? "\t" : ",");
}
