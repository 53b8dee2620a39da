import { readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { extname, join } from "node:path";
import { AUDIO_EXTENSIONS } from "../audio/decode.js";

/** Audio that people have and timbrel does not read: worth a line, unlike pictures and texts. */
const FOREIGN_AUDIO =
  ".ac3 .aifc .alac .amr .ape .au .caf .dsf .mid .midi .mka .mp2 .mp4 .ra .snd .voc .w64 .webm .wma .wv".split(
    " ",
  );

/** Whether the name ends like a format that timbrel decodes. */
export function isAudioName(name: string): boolean {
  return AUDIO_EXTENSIONS.includes(extname(name).toLowerCase());
}

/** A name that no listing shows: dot files, and what macOS leaves in archives. */
export function isHiddenName(name: string): boolean {
  return name.startsWith(".") || name === "__MACOSX";
}

/** The names in a folder, hidden ones left out, in the order of their code units: the same on every file system. */
export function listFolder(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => !isHiddenName(name))
    .sort();
}

/** What a path is after following links; `null` for a link that leads nowhere or a file that may not be looked at. */
export function statOrNull(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/**
 * Every audio file under a folder, links followed, each real folder entered once, so that loops end.
 * Files of other kinds are passed over; those that are audio of a kind timbrel does not read, and what cannot be
 * opened, become lines for `onProblem`.
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
        else onProblem(`${path}: ${stats === null ? "link leads nowhere" : "is not a regular file"}`);
      } else if (FOREIGN_AUDIO.includes(extname(name).toLowerCase()))
        onProblem(`${path}: ${extname(name)} files are not read; convert it to WAV or FLAC`);
    }
  };
  enter(dir);
  return files;
}
