import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DataError } from "../core/errors.js";

/**
 * Writes a file under a temporary name and renames it, so that readers see the old content or the new, never a part,
 * even if the process is killed. Creates the folder if it is missing. Two writers of the same file do not collide.
 */
export function writeAtomically(path: string, content: Uint8Array | string): void {
  const part = partName(path);
  try {
    try {
      writeFileSync(part, content);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(part, content);
    }
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/** A name for a file that is being written, which no other writer has. */
export function partName(path: string): string {
  return `${path}.${randomBytes(6).toString("hex")}.part`;
}

/**
 * Makes a folder if it does not exist.
 * @throws DataError if there is a file of its name
 */
export function ensureFolder(dir: string): void {
  if (statSync(dir, { throwIfNoEntry: false })?.isFile())
    throw new DataError(dir, "is a file; choose a folder");
  mkdirSync(dir, { recursive: true });
}
