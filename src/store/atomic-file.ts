import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a file so that a reader, and a run killed at any moment, sees the old content or the new, never a part:
 * under another name, then renamed. Makes the folder where it is missing. Two writers of one file do not meet.
 */
export function writeAtomically(path: string, content: Uint8Array | string): void {
  const part = `${path}.${randomBytes(6).toString("hex")}.part`;
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
