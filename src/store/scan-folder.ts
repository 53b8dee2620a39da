import { join, relative, resolve, sep } from "node:path";
import { counted } from "../core/counted.js";
import { DataError } from "../core/errors.js";
import { SPLITS, type Split, splitMeantBy } from "../dataset/split-names.js";
import { findAudio, isOwnFolder, isStoreFolder, listFolder, mayBeAudio, statOrNull } from "./audio-files.js";
import { isCompanionName } from "./companions.js";
import type { Scan } from "./source-clip.js";
import { checkAgainstManifest, manifestsIn } from "./unread-manifest.js";

/**
 * Lists the clips of a folder: `<class>/**` or, if its folders are named train, valid and test,
 * `train|valid|test/<class>/**`. The class is the folder's name; folders inside a class folder carry no label.
 * A manifest beside the folders is not read, which a warning says.
 * @throws DataError for a feature store, for a split folder with another name, for a folder without class folders, and for a manifest that
 *   gives clips other labels than the folders
 */
export function scanFolder(dir: string): Scan {
  if (isStoreFolder(dir))
    throw new DataError(dir, "is a feature store; train on it, or extract the audio that it was made from");
  const scan = scanFolders(dir);
  for (const manifest of manifestsIn(dir)) {
    if (scan.clips.length === 0)
      throw new DataError(dir, `holds no class folders with audio; extract its manifest ${manifest} itself`);
    checkAgainstManifest(manifest, scan.clips);
    scan.problems.push(
      `${manifest}: warning: is a manifest with the columns path and label, but the folders are read as classes; extract the manifest itself to use its labels`,
    );
  }
  return scan;
}

function scanFolders(dir: string): Scan {
  const scan: Scan = { clips: [], problems: [] };
  const folders = listFolder(dir).filter(
    (name) => statOrNull(join(dir, name))?.isDirectory() && !isOwnFolder(join(dir, name)),
  );
  if (!hasSplitFolders(folders)) {
    addClasses(dir, dir, null, scan);
    return scan;
  }
  checkSplitNames(dir, folders);
  for (const name of listFolder(dir)) {
    const path = join(dir, name);
    const split = SPLITS.find((known) => known === name);
    if (!folders.includes(name)) reportStray(path, name, scan);
    else if (split !== undefined) addClasses(dir, path, split, scan);
    else
      scan.problems.push(`${path}: is next to split folders but is not named train, valid or test; left out`);
  }
  return scan;
}

/** Whether folders are splits: two have a split's name, or the only one does. One `test` among classes is a class. */
function hasSplitFolders(folders: string[]): boolean {
  const meant = folders.filter((name) => splitMeantBy(name) !== undefined);
  return meant.length >= 2 || (meant.length === 1 && folders.length === 1);
}

function checkSplitNames(dir: string, folders: string[]): void {
  for (const name of folders) {
    const meant = splitMeantBy(name);
    if (meant !== undefined && meant !== name)
      throw new DataError(
        join(dir, name),
        `split folders are named train, valid and test; rename it to ${meant}`,
      );
  }
}

function addClasses(root: string, dir: string, split: Split | null, scan: Scan): void {
  let nClassFolders = 0;
  for (const name of listFolder(dir)) {
    const path = join(dir, name);
    if (!statOrNull(path)?.isDirectory() || isOwnFolder(path)) {
      reportStray(path, name, scan);
      continue;
    }
    nClassFolders++;
    const problems: string[] = [];
    const files = findAudio(path, (line) => problems.push(line));
    scan.problems.push(...problems);
    const isUnreadable = problems.some((line) => line.startsWith(`${path}: `)); // it has its line
    if (files.length === 0 && !isUnreadable) {
      const leftOut =
        problems.length === 0 ? "" : `, ${counted(problems.length, "file")} in it could not be opened`;
      scan.problems.push(`${path}: class folder without audio${leftOut}; left out`);
    }
    for (const file of files)
      scan.clips.push({
        path: resolve(file),
        name: relative(root, file).split(sep).join("/"),
        labels: [name],
        group: null,
        split,
      });
  }
  if (nClassFolders > 0) return;
  const [manifest] = manifestsIn(root);
  const remedy =
    manifest === undefined
      ? "put the audio of each class in a folder of its own, or write a manifest with the columns path and label"
      : `extract the manifest ${manifest} itself`;
  throw new DataError(dir, `holds no folders; ${remedy}`);
}

/** Adds a line for what is beside class folders and may be audio. */
function reportStray(path: string, name: string, scan: Scan): void {
  const stats = statOrNull(path);
  if (stats?.isDirectory()) return;
  if (stats?.isFile() ? mayBeAudio(path, name) : !isCompanionName(name))
    scan.problems.push(`${path}: is not in a class folder; left out`);
}
