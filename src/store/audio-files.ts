import { type Dirent, existsSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { extname, join } from "node:path";
import { AUDIO_EXTENSIONS } from "../audio/decode.js";
import { errorLine } from "../core/errors.js";
import { isCompanion, isCompanionName } from "./companions.js";
import { onDisk } from "./system-errors.js";

/** Extensions of audio and video that ffmpeg decodes, and of MIDI: what has one of them is opened, not looked into. */
const FOREIGN_AUDIO =
  ".3gp .aac .ac3 .alac .amr .ape .asf .avi .caf .dff .dsf .dts .eac3 .m4a .m4b .mid .midi .mka .mkv .mov .mp2 .mp4 .mpc .ofr .ra .rm .spx .tak .tta .voc .w64 .webm .wma .wv".split(
    " ",
  );

/** Whether the name has the extension of audio, of a format that timbrel decodes or of another. */
export function isAudioName(name: string): boolean {
  const extension = extname(name).toLowerCase();
  return AUDIO_EXTENSIONS.includes(extension) || FOREIGN_AUDIO.includes(extension);
}

/** Whether a file may be audio: by its name, or because it is nothing else that belongs in a folder of audio. */
export function mayBeAudio(path: string, name: string): boolean {
  return isAudioName(name) || !isCompanion(path, name);
}

/** Whether listings leave the name out: dot files, and the folder that macOS adds to archives. */
export function isHiddenName(name: string): boolean {
  return name.startsWith(".") || name === "__MACOSX";
}

/**
 * Names in a folder without the hidden ones, sorted by code unit: the same order on every file system.
 * @throws DataError if it cannot be read
 */
export function listFolder(dir: string): string[] {
  return onDisk("read", dir, () => readdirSync(dir))
    .filter((name) => !isHiddenName(name))
    .sort();
}

/** Status of a path, links followed; `null` for a missing file, a broken link, or a file without permission. */
export function statOrNull(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/**
 * Whether a folder was made by timbrel and holds no audio: a feature store, a run, or nothing but such folders. A store
 * may be inside the folder whose audio it was made from.
 */
export function isOwnFolder(dir: string): boolean {
  let names: string[];
  try {
    names = listFolder(dir);
  } catch {
    return false; // whoever lists it next says why it cannot be read
  }
  const isOwn = (name: string): boolean =>
    statOrNull(join(dir, name))?.isDirectory() === true && isOwnFolder(join(dir, name));
  return isStoreOrRun(dir, names) || (names.length > 0 && names.every(isOwn));
}

const STORE_NAMES = ["store.json", "sources.jsonl"];

/** Whether these are names in a feature store. */
export function hasStoreNames(names: readonly string[]): boolean {
  return STORE_NAMES.every((name) => names.includes(name));
}

/** Whether a folder is a feature store, without audio in it. */
export function isStoreFolder(dir: string): boolean {
  return STORE_NAMES.every((name) => existsSync(join(dir, name))) && isOwnFolder(dir);
}

/** Whether a folder with these names is a store or a run's folder, without audio in it, at any depth. */
function isStoreOrRun(dir: string, names: readonly string[]): boolean {
  return (hasStoreNames(names) || names.includes("checkpoint.safetensors")) && !hasAudioName(dir, new Set());
}

/** Whether a file below a folder has the name of audio. Nothing is opened but folders. */
function hasAudioName(dir: string, entered: Set<string>): boolean {
  let entries: Dirent[];
  try {
    const real = realpathSync(dir);
    if (entered.has(real)) return false;
    entered.add(real);
    entries = readdirSync(dir, { withFileTypes: true });
  } catch {
    return false; // the folder of a run may hold what cannot be read
  }
  return entries.some((entry) => {
    if (isHiddenName(entry.name)) return false;
    const path = join(dir, entry.name);
    const isFolder =
      entry.isDirectory() || (entry.isSymbolicLink() && statOrNull(path)?.isDirectory() === true);
    return isFolder ? hasAudioName(path, entered) : isAudioName(entry.name);
  });
}

/**
 * Finds every file under a folder that may be audio: all but those that belong beside audio, such as texts and pictures,
 * and timbrel's own. Links are followed, and each real folder is entered once, so that loops end.
 * @param onProblem called with a line for whatever cannot be opened
 */
export function findAudio(dir: string, onProblem: (line: string) => void): string[] {
  const files: string[] = [];
  const entered = new Set<string>();
  const enter = (folder: string): void => {
    let names: string[];
    try {
      const real = onDisk("read", folder, () => realpathSync(folder));
      if (entered.has(real)) return;
      entered.add(real);
      names = listFolder(folder);
    } catch (error) {
      onProblem(errorLine(error));
      return;
    }
    if (isStoreOrRun(folder, names)) return;
    for (const name of names) {
      const path = join(folder, name);
      const stats = statOrNull(path);
      if (stats?.isDirectory()) enter(path);
      else if (stats?.isFile()) {
        if (mayBeAudio(path, name)) files.push(path);
      } else if (!isCompanionName(name))
        onProblem(`${path}: ${stats === null ? "is a broken link" : "is not a regular file"}`);
    }
  };
  enter(dir);
  return files;
}
