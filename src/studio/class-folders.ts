import { type Split, splitMeantBy } from "../dataset/split-names.js";
import type { GivenFile } from "./given-files.js";

/** A file whose folder says its class, and maybe its split. */
export interface ClassedFile extends GivenFile {
  readonly className: string;
  readonly split: Split | null;
}

/**
 * Sorts files by the folders that name their classes: `violin/A4.wav`; in a folder that holds the others, `my-sounds/violin/A4.wav`; or in
 * folders of splits, `train/violin/A4.wav`. A file's new path is the rest.
 * @returns the files, and the paths of those whose folders name no class
 */
export function byClassFolder(files: readonly GivenFile[]): {
  classed: ClassedFile[];
  loose: string[];
} {
  const inFolders = files.map((each) => ({ ...each, parts: each.path.split("/") }));
  const outer = withoutOuterFolder(inFolders);
  const areSplits =
    outer.some(({ parts }) => parts.length > 2) &&
    outer.every(({ parts }) => parts.length < 2 || splitMeantBy(parts[0]));
  const classed: ClassedFile[] = [];
  const loose: string[] = [];
  for (const { file, path, parts } of outer) {
    const split = areSplits ? (splitMeantBy(parts[0]) ?? null) : null;
    const [className, ...rest] = areSplits ? parts.slice(1) : parts;
    if (rest.length === 0) loose.push(path);
    else classed.push({ file, path: rest.join("/"), className, split });
  }
  return { classed, loose };
}

/** Files of one class, without the folder that all of them are in. */
export function ofOneClass(files: readonly GivenFile[]): GivenFile[] {
  const folders = new Set(files.map(({ path }) => (path.includes("/") ? path.split("/")[0] : "")));
  const isInOne = folders.size === 1 && !folders.has("");
  return files.map(({ file, path }) => ({ file, path: isInOne ? path.split("/").slice(1).join("/") : path }));
}

type Parted = GivenFile & { readonly parts: readonly string[] };

/** The same without the first folder, if it holds folders with more files than lie in it directly. */
function withoutOuterFolder(files: readonly Parted[]): readonly Parted[] {
  const [first] = files[0]?.parts ?? [];
  const nDirect = files.filter(({ parts }) => parts.length === 2).length;
  const nDeeper = files.filter(({ parts }) => parts.length > 2).length;
  const isOuter = files.every(({ parts }) => parts.length > 1 && parts[0] === first) && nDeeper > nDirect;
  return isOuter ? files.map((each) => ({ ...each, parts: each.parts.slice(1) })) : files;
}
