import { type Stats, statSync } from "node:fs";
import { DataError } from "../core/errors.js";

/** What the operating system's error codes mean to a user. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "another program uses it",
  EDQUOT: "the disk quota is used up",
  EEXIST: "something else has its name",
  EFBIG: "the file would be larger than the limit",
  EIO: "the device failed",
  EISDIR: "it is a folder",
  ELOOP: "it is a loop of links",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "the name is too long",
  ENFILE: "too many files are open",
  ENOENT: "it does not exist",
  ENOSPC: "no space is left on the device",
  ENOTDIR: "a part of its path is a file, not a folder",
  EPERM: "permission denied",
  EROFS: "the device is read-only",
};

/** Whether the operating system failed: disk full, no permission. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}

/** What an error of the operating system means, e.g. "permission denied"; its code if it is a rare one. */
export function systemReason({ code = "unknown error" }: NodeJS.ErrnoException): string {
  return REASONS[code] ?? code;
}

/**
 * Does something with a file or folder.
 * @param verb what could not be done to it if the operating system fails: `written`, `read`
 * @throws DataError `<path>: cannot be <verb>: <reason>` if the operating system fails; other errors as they are
 */
export function onDisk<T>(verb: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new DataError(path, `cannot be ${verb}: ${systemReason(cause)}`, { cause });
  }
}

/** Why a file or folder cannot be read: "does not exist", or what the operating system says. */
export function readingReason(cause: unknown): string {
  if (!isSystemError(cause)) throw cause;
  return cause.code === "ENOENT" ? "does not exist" : `cannot be read: ${systemReason(cause)}`;
}

/**
 * Whether a file or folder exists, links followed.
 * @throws DataError if it may not be looked at: without permission nobody knows
 */
export function isOnDisk(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (cause) {
    if (isSystemError(cause) && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) return false;
    throw new DataError(path, readingReason(cause), { cause });
  }
}

/**
 * Returns the status of a path, links followed.
 * @throws DataError if it does not exist or may not be looked at, which are different things
 */
export function statusOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    throw new DataError(path, readingReason(cause), { cause });
  }
}
