import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DataError } from "../core/errors.js";
import { onDisk } from "./system-errors.js";

/**
 * Writes a file under a temporary name and renames it, so that readers see the old content or the new, never a part,
 * even if the process is killed. Creates the folder if it is missing. Two writers of the same file do not collide.
 * @param options.flush waits until the content is on the disk before the file gets its name, so that it is whole even
 * after a power failure; takes 0.3 ms on a fast disk, 15 ms on a slow one @default true
 * @throws DataError if the file cannot be written; the old content is kept
 */
export function writeAtomically(
  path: string,
  content: Uint8Array | string,
  { flush = true }: { flush?: boolean } = {},
): void {
  const part = partName(path);
  onDisk("written", path, () => {
    try {
      try {
        writeFileSync(part, content, { flush });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        makeFolders(dirname(path));
        writeFileSync(part, content, { flush });
      }
      renameSync(part, path);
    } catch (error) {
      removeQuietly(part);
      throw error;
    }
  });
}

/**
 * Writes files as `writeAtomically` does. They get their names once every one is written, so that a full disk leaves none.
 * @param files contents by path
 * @throws DataError if one cannot be written; the old ones are kept
 */
export function writeTogether(files: ReadonlyMap<string, string>): void {
  const parts = new Map([...files.keys()].map((path) => [path, partName(path)]));
  try {
    for (const [path, content] of files)
      onDisk("written", path, () => {
        ensureFolder(dirname(path));
        writeFileSync(parts.get(path)!, content, { flush: true });
      });
    for (const [path, part] of parts) onDisk("written", path, () => renameSync(part, path));
  } catch (error) {
    for (const part of parts.values()) removeQuietly(part);
    throw error;
  }
}

/** Ending of the temporary name of a file. */
const PART = /\.[0-9a-f]{12}\.part$/;

/**
 * Removes from a folder what killed processes had written of some files when they died.
 * @param isOurs whether a file's final name is one that timbrel gives
 */
export function removeParts(dir: string, isOurs: (name: string) => boolean): void {
  onDisk("read", dir, () => {
    for (const name of readdirSync(dir))
      if (PART.test(name) && isOurs(name.replace(PART, ""))) removeQuietly(join(dir, name));
  });
}

/**
 * Removes a file if it exists.
 * @throws DataError if it cannot be removed
 */
export function removeFile(path: string): void {
  onDisk("removed", path, () => rmSync(path, { force: true }));
}

/** Removes a file if that is possible. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}

/** A name for a file that is being written, which no other writer has. */
export function partName(path: string): string {
  return `${path}.${randomBytes(6).toString("hex")}.part`; // as PART
}

/**
 * Makes a folder, and those that it is in, if they do not exist.
 * @returns the folders that were made, outermost first
 * @throws DataError if there is a file of its name, or it cannot be made
 */
export function ensureFolder(dir: string): string[] {
  return onDisk("written", dir, () => {
    const stats = statSync(dir, { throwIfNoEntry: false });
    if (stats?.isFile()) throw new DataError(dir, "is a file; choose a folder");
    return stats === undefined ? makeFolders(dir) : [];
  });
}

/** Node's own recursive `mkdir` never returns where a folder cannot be made in one that exists, e.g. in /proc. */
function makeFolders(dir: string): string[] {
  const parent = dirname(dir);
  const made = parent === dir || existsSync(parent) ? [] : makeFolders(parent);
  try {
    mkdirSync(dir);
    return [...made, dir];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && statSync(dir).isDirectory()) return made; // made by another
    throw error;
  }
}
