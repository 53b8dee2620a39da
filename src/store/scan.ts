import { dirname, join, relative, resolve, sep } from "node:path";
import { counted } from "../core/counted.js";
import { DataError } from "../core/errors.js";
import { mapLabels } from "../dataset/known-labels.js";
import { LabelSpellings } from "../dataset/labels.js";
import { findAudio } from "./audio-files.js";
import { scanFolder } from "./scan-folder.js";
import { scanManifest } from "./scan-manifest.js";
import { isWarning, type Scan } from "./source-clip.js";
import { statusOf } from "./system-errors.js";

export type { Split } from "../dataset/split-names.js";
export type { Scan, SourceClip } from "./source-clip.js";

/**
 * Lists the clips of a folder (`<class>/**` or `train|valid|test/<class>/**`) or of a manifest (.csv, .tsv, .jsonl).
 * @param source path of the folder or manifest
 * @param background path of a folder whose audio, at any depth, is of no class, also if it is a class folder of the source
 * @throws DataError if it holds no usable audio, or its layout is ambiguous
 */
export function scanSource(source: string, background?: string): Scan {
  const isFolder = statusOf(source).isDirectory();
  const labelled = withLabels(source, isFolder ? scanFolder(source) : scanManifest(source));
  const scan =
    background === undefined
      ? labelled
      : withBackground(labelled, isFolder ? source : dirname(source), background);
  if (scan.clips.length === 0) throw new DataError(source, `holds no usable audio${firstProblem(scan)}`);
  return scan;
}

/** Adds the audio of a folder as background clips. */
function withBackground({ clips, problems }: Scan, sourceDir: string, folder: string): Scan {
  if (!statusOf(folder).isDirectory())
    throw new DataError(folder, "is not a folder; name a folder of background audio");
  const found: string[] = [];
  const files = new Set(findAudio(folder, (line) => found.push(line)).map((file) => resolve(file)));
  if (files.size === 0)
    throw new DataError(folder, `holds no audio${firstProblem({ clips: [], problems: found })}`);
  const taken = clips.filter(({ path }) => files.has(path));
  if (taken.length > 0 && taken.length === clips.length)
    throw new DataError(
      folder,
      "is all of the source; name a folder of other audio, or a part of the source",
    );
  const classes = [...new Set(taken.flatMap(({ labels }) => labels))];
  const ofClasses = `${classes.length === 1 ? "class" : "classes"} ${classes.join(", ")}`;
  const background = [...files].map((path) => {
    const name = relative(resolve(sourceDir), path).split(sep).join("/");
    return { path, name, labels: [], group: null, split: null };
  });
  return {
    clips: [...clips.filter(({ path }) => !files.has(path)), ...background],
    // A background folder beside split folders is none of these, and need not be.
    problems: [
      ...problems.filter((line) => !line.startsWith(`${join(folder)}: is next to`)),
      ...(taken.length === 0
        ? []
        : [`${folder}: warning: taken as background: ${counted(taken.length, "clip")} of ${ofClasses}`]),
      ...found,
    ],
  };
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
