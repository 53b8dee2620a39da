import { randomBytes } from "node:crypto";
import { linkSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "../core/errors.js";
import { ensureFolder, removeQuietly } from "./atomic-file.js";
import { type LockOwner, parseOwner, stateOf, textOf, thisProcess } from "./lock-owner.js";
import { onDisk } from "./system-errors.js";

/** Name of the file that says which process is writing to a folder. */
export const LOCK_FILE = ".timbrel.lock";

/**
 * Does work that writes to a folder, which no other process may write to meanwhile, nor another call in this process.
 * Makes the folder if it is missing, and removes it again if the work leaves it empty. A lock that a killed process left
 * is taken over.
 * @throws DataError if another process is writing to the folder
 */
export async function whileLocked<T>(dir: string, work: () => Promise<T>): Promise<T> {
  const made = ensureFolder(dir);
  const release = (): void => {
    locks.delete(release);
    if (locks.size === 0) process.off("exit", releaseAll);
    removeLock(dir, owner.id);
    removeEmpty(made);
  };
  const owner = thisProcess(randomBytes(6).toString("hex"));
  try {
    onDisk("written", dir, () => acquire(dir, join(dir, LOCK_FILE), owner));
  } catch (error) {
    removeEmpty(made);
    throw error;
  }
  if (locks.size === 0) process.on("exit", releaseAll);
  locks.add(release);
  try {
    removeLeftLocks(dir);
    return await work();
  } finally {
    release();
  }
}

/** Releases of the locks that this process holds: `process.exit` ends it without running what is in `finally`. */
const locks = new Set<() => void>();

function releaseAll(): void {
  for (const release of locks) release();
}

/**
 * Makes this process the owner of a lock file.
 *
 * Only the process that owns the lock `<path>.<id of the dead owner>` replaces the lock of a dead owner. If several
 * processes find it at once, one of them takes it over, and a lock that was taken meanwhile is not lost.
 */
function acquire(dir: string, path: string, owner: LockOwner): void {
  while (!create(dir, path, owner)) {
    const found = readOwner(dir, path);
    if (found === null) continue; // released meanwhile
    const state = stateOf(found);
    if (state !== "dead") throw lockedBy(dir, path, found, state);
    const claim = `${path}.${found.id}`;
    acquire(dir, claim, owner);
    if (readOwner(dir, path)?.id === found.id) {
      renameSync(claim, path);
      return;
    }
    rmSync(claim, { force: true });
  }
}

/** Creates a lock file, whole at once; returns false if it exists. */
function create(dir: string, path: string, owner: LockOwner): boolean {
  const text = `${JSON.stringify(owner)}\n`;
  const part = join(dir, `${LOCK_FILE}.${owner.id}.part`);
  writeFileSync(part, text);
  try {
    linkSync(part, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" || code === "ENOENT") return false; // ENOENT: the lock's owner has just swept `part`
    return createUnlinked(path, text);
  } finally {
    rmSync(part, { force: true });
  }
}

/** For file systems without links, such as exFAT: a kill between creating and writing leaves a file without an owner. */
function createUnlinked(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Reads the owner in a lock file; null if the file does not exist.
 * @throws DataError if it names none, or is a folder
 */
function readOwner(dir: string, path: string): LockOwner | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    if (code !== "EISDIR") throw error;
    throw new DataError(dir, `holds a folder where its lock file belongs; delete or rename ${path}`);
  }
  const owner = parseOwner(text);
  if (owner === null)
    throw new DataError(
      dir,
      `holds a lock that names no process; if nothing is writing to the folder, delete ${path}`,
    );
  return owner;
}

function lockedBy(
  dir: string,
  path: string,
  { pid, host }: LockOwner,
  state: "alive" | "unknown",
): DataError {
  const remedy = "wait for it, or choose another folder";
  const stale = state === "unknown" ? `; if it no longer runs, delete ${path}` : "";
  return new DataError(dir, `is being written by process ${pid} on host ${host}; ${remedy}${stale}`);
}

/** Removes what killed processes left while they took the lock. Called by the lock's owner. */
function removeLeftLocks(dir: string): void {
  for (const name of readdirSync(dir)) {
    if (!name.startsWith(`${LOCK_FILE}.`)) continue;
    const path = join(dir, name);
    const owner = parseOwner(textOf(path));
    if (owner === null || stateOf(owner) === "dead") rmSync(path, { force: true });
  }
}

/** Removes the folder's lock if it is still this one. If that fails, the lock counts until this process ends. */
function removeLock(dir: string, id: string): void {
  const path = join(dir, LOCK_FILE);
  if (parseOwner(textOf(path))?.id === id) removeQuietly(path);
}

/** Removes those of the folders that are empty. */
function removeEmpty(folders: readonly string[]): void {
  for (const dir of folders.toReversed())
    try {
      rmdirSync(dir);
    } catch {
      return;
    }
}
