import { readdirSync } from "node:fs";
import { join, parse, relative, resolve, sep } from "node:path";
import { statOrNull } from "./audio-files.js";

/** A file that a manifest lists, as it was found. */
export interface FoundPath {
  /** Absolute path; it may not exist. */
  readonly path: string;
  /** The name in the manifest, with `/` between folders. */
  readonly name: string;
}

/** Whether a name starts with a drive or a server of Windows: `C:\music\a.wav`, `\\nas\music\a.wav`. */
export function isOnWindowsDrive(name: string): boolean {
  return /^[a-z]:[\\/]|^\\\\/i.test(name);
}

/**
 * Returns a function that finds the files a manifest lists. A name that does not exist as it is written is looked for
 * with `/` in place of `\`, and with every folder and file name in the other Unicode normal form: macOS writes an accent
 * apart from its letter, most other systems do not.
 * @param folder the manifest's folder
 */
export function pathFinder(folder: string): (name: string) => FoundPath {
  const listings = new Map<string, ReadonlyMap<string, string>>();
  /** The names in a folder, by their composed form. */
  const listing = (dir: string): ReadonlyMap<string, string> => {
    const known = listings.get(dir) ?? namesByForm(dir);
    listings.set(dir, known);
    return known;
  };
  const findInAnyForm = (path: string): string | undefined => {
    const { root } = parse(path);
    let found = root;
    for (const part of relative(root, path).split(sep)) {
      const literal = join(found, part);
      const name = statOrNull(literal) === null ? listing(found).get(part.normalize("NFC")) : part;
      if (name === undefined) return undefined;
      found = join(found, name);
    }
    return found;
  };
  return (name) => {
    const slashed = name.replaceAll("\\", "/");
    const literal = resolve(folder, name);
    if (statOrNull(literal) !== null) return { path: literal, name: sep === "\\" ? slashed : name };
    for (const written of [name, slashed]) {
      const path = findInAnyForm(resolve(folder, written));
      if (path !== undefined) return { path, name: written };
    }
    return { path: literal, name };
  };
}

function namesByForm(dir: string): ReadonlyMap<string, string> {
  try {
    return new Map(readdirSync(dir).map((name) => [name.normalize("NFC"), name]));
  } catch {
    return new Map(); // not a folder, or no permission: nothing is found in it
  }
}
