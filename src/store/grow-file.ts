import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { writeAtomically } from "./atomic-file.js";
import { onDisk } from "./system-errors.js";

/**
 * Makes a file hold a content. If it holds the first part of it, the rest is appended, so that programs which keep the file
 * open see it grow; otherwise the file is replaced. What a killed process leaves of an appended part is continued next time.
 * @throws DataError if the file cannot be read or written
 */
export function growFile(path: string, content: Uint8Array): void {
  const before = onDisk("read", path, () => (existsSync(path) ? readFileSync(path) : null));
  if (before === null || !before.equals(content.subarray(0, before.length))) writeAtomically(path, content);
  else if (before.length < content.length)
    onDisk("written", path, () => appendFileSync(path, content.subarray(before.length), { flush: true }));
}
