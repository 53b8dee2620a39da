import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { watchDiskChanges } from "../../scripts/torture/disk-changes.js";
import { LOCK_FILE } from "../../src/store/folder-lock.js";

const endedPid = spawnSync(process.execPath, ["-e", ""]).pid;

/**
 * Does work as if its process were killed at the nth call that changes the disk, in the middle of it if it writes: that
 * call and all later ones fail.
 * @param dir folder that the work locks; its lock is then that of a process that has ended
 * @returns false if the work ended before that call
 */
export async function killedAt(n: number, dir: string, work: () => Promise<unknown>): Promise<boolean> {
  let count = 0;
  const stop = watchDiskChanges(({ half }) => {
    if (++count < n) return;
    if (count === n) half?.();
    throw new Error(`killed at call ${n}`);
  });
  try {
    await work();
  } catch (error) {
    if (count < n) throw error;
  } finally {
    stop();
  }
  for (const name of existsSync(dir) ? readdirSync(dir) : [])
    if (name.startsWith(LOCK_FILE)) endOwner(join(dir, name));
  return count >= n;
}

/** Makes a lock that of a process that has ended, if it is whole. */
function endOwner(path: string): void {
  const text = readFileSync(path, "utf8");
  if (text.endsWith("\n")) writeFileSync(path, JSON.stringify({ ...JSON.parse(text), pid: endedPid }));
}
