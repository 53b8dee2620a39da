import { readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { extname, join } from "node:path";
import { AUDIO_EXTENSIONS } from "../audio/decode.js";

/** Extensions of audio that timbrel does not read: worth a line, unlike pictures and text files. */
const FOREIGN_AUDIO =
  ".ac3 .aifc .alac .amr .ape .au .caf .dsf .mid .midi .mka .mp2 .mp4 .ra .snd .voc .w64 .webm .wma .wv".split(
    " ",
  );

/** Whether the name has the extension of a format that timbrel decodes. */
export function isAudioName(name: string): boolean {
  return AUDIO_EXTENSIONS.includes(extname(name).toLowerCase());
}

/** Whether listings leave the name out: dot files, and the folder that macOS adds to archives. */
export function isHiddenName(name: string): boolean {
  return name.startsWith(".") || name === "__MACOSX";
}

/** Names in a folder without the hidden ones, sorted by code unit: the same order on every file system. */
export function listFolder(dir: string): string[] {
  return readdirSync(dir)
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
 * Finds every audio file under a folder. Links are followed, and each real folder is entered once, so that loops end.
 * Audio in a format that timbrel does not read, and whatever cannot be opened, gives a line for `onProblem`; other
 * files are skipped.
 */
export function findAudio(dir: string, onProblem: (line: string) => void): string[] {
  const files: string[] = [];
  const entered = new Set<string>();
  const enter = (folder: string): void => {
    let names: string[];
    try {
      const real = realpathSync(folder);
      if (entered.has(real)) return;
      entered.add(real);
      names = listFolder(folder);
    } catch (error) {
      onProblem(`${folder}: folder cannot be read (${(error as NodeJS.ErrnoException).code})`);
      return;
    }
    for (const name of names) {
      const path = join(folder, name);
      const stats = statOrNull(path);
      if (stats?.isDirectory()) enter(path);
      else if (isAudioName(name)) {
        if (stats?.isFile()) files.push(path);
        else onProblem(`${path}: ${stats === null ? "is a broken link" : "is not a regular file"}`);
      } else if (FOREIGN_AUDIO.includes(extname(name).toLowerCase()))
        onProblem(`${path}: ${extname(name)} files are not supported; convert it to WAV or FLAC`);
    }
  };
  enter(dir);
  return files;
}
