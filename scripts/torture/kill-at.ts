/**
 * Preloaded into a process and its worker threads (`NODE_OPTIONS=--import=<this file>`): counts the calls that change
 * the disk, and kills the process at one of them, or fails them.
 *
 * - `KILL_AT=12` kills it before the 12th call; `KILL_AT=12.5` in the middle of the 12th, if that writes: half of the
 *   content is on the disk then.
 * - `FULL_AT=12` has the disk full from the 12th call on: half of what it writes is written, and whatever needs space
 *   fails.
 * - `KILL_LOG=<file>` writes a line for every call: its number and the function.
 */
import { appendFileSync } from "node:fs";
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";
import { watchDiskChanges } from "./disk-changes.js";

const KEY = "timbrel torture: number of calls";
const at = Number(process.env["KILL_AT"]);
const fullAt = Number(process.env["FULL_AT"]);
const log = process.env["KILL_LOG"];
if (isMainThread) setEnvironmentData(KEY, new SharedArrayBuffer(4));
const count = new Int32Array(getEnvironmentData(KEY) as SharedArrayBuffer);

watchDiskChanges(({ name, half }) => {
  const n = Atomics.add(count, 0, 1) + 1;
  if (log !== undefined) appendFileSync(log, `${n} ${name}\n`);
  if (n === at) process.kill(process.pid, "SIGKILL");
  if (n + 0.5 === at && half !== undefined) {
    half();
    process.kill(process.pid, "SIGKILL");
  }
  if (n < fullAt || Number.isNaN(fullAt) || /^(rename|rm|unlink)/.test(name)) return;
  if (n === fullAt) half?.();
  const error = new Error(`ENOSPC: no space left on device, ${name}`);
  throw Object.assign(error, { code: "ENOSPC", errno: -28, syscall: name });
});
