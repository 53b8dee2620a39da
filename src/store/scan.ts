import { DataError } from "../core/errors.js";
import { mapLabels } from "../dataset/known-labels.js";
import { LabelSpellings } from "../dataset/labels.js";
import { scanFolder } from "./scan-folder.js";
import { scanManifest } from "./scan-manifest.js";
import { isWarning, type Scan } from "./source-clip.js";
import { statusOf } from "./system-errors.js";

export type { Split } from "../dataset/split-names.js";
export type { Scan, SourceClip } from "./source-clip.js";

/**
 * Lists the clips of a folder (`<class>/**` or `train|valid|test/<class>/**`) or of a manifest (.csv, .tsv, .jsonl).
 * @param source path of the folder or manifest
 * @throws DataError if it holds no usable audio, or its layout is ambiguous
 */
export function scanSource(source: string): Scan {
  const scan = withLabels(source, statusOf(source).isDirectory() ? scanFolder(source) : scanManifest(source));
  if (scan.clips.length === 0) throw new DataError(source, `holds no usable audio${firstProblem(scan)}`);
  return scan;
}

function firstProblem({ problems }: Scan): string {
  const causes = problems.filter((line) => !isWarning(line));
  if (causes.length === 0) return "";
  return causes.length === 1
    ? `; the problem: ${causes[0]}`
    : `; problem 1 of ${causes.length}: ${causes[0]}`;
}

/** Brings labels, which are the spellings of the source so far, into the form in which they are compared and kept. */
function withLabels(source: string, scan: Scan): Scan {
  const spellings = new LabelSpellings();
  const clips = scan.clips.map((clip) => ({
    ...clip,
    ...mapLabels(clip, (label) => spellings.add(label)),
  }));
  const warnings = spellings.notices().map((line) => `${source}: warning: ${line}`);
  return { clips, problems: [...scan.problems, ...warnings] };
}
