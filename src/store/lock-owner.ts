import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";

const lockOwner = z.object({
  /** Differs for every lock that is ever taken. */
  id: z.string().regex(/^[0-9a-f]{12}$/),
  pid: z.int().min(1),
  host: z.string(),
  /** Machine and container whose process ids `pid` is one of; empty where the system does not say. */
  processes: z.string(),
  /** Identifies the time since the machine was started; empty where the system does not say. */
  boot: z.string(),
  /** Start of the process, in ticks since the machine was started; empty where the system does not say. */
  startTicks: z.string(),
  /** Start of the process as an ISO date, for people to read. */
  startedAt: z.iso.datetime(),
});

/** The process that holds a lock. */
export type LockOwner = Readonly<z.infer<typeof lockOwner>>;

/** This process as the owner of a new lock. */
export function thisProcess(id: string): LockOwner {
  return {
    id,
    pid: process.pid,
    host: hostname(),
    processes: [textOf("/etc/machine-id"), linkOf("/proc/self/ns/pid")].join(" ").trim(),
    boot: textOf("/proc/sys/kernel/random/boot_id"),
    startTicks: statOf(process.pid)?.startTicks ?? "",
    startedAt: new Date(performance.timeOrigin).toISOString(),
  };
}

/** The owner that a lock file's text names; null if it names none. */
export function parseOwner(text: string): LockOwner | null {
  try {
    return lockOwner.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/**
 * Says whether a lock's owner is alive. A process of the same id may be another one, started later: on Linux its start
 * time tells; elsewhere it is unknown. So is whether a process of another machine or container is alive.
 */
export function stateOf(owner: LockOwner): "alive" | "dead" | "unknown" {
  const here = thisProcess(owner.id);
  if (owner.host !== here.host || owner.processes !== here.processes) return "unknown";
  if (owner.boot !== here.boot) return "dead";
  const stat = statOf(owner.pid);
  if (stat !== null && owner.startTicks !== "")
    return stat.startTicks === owner.startTicks && !stat.hasEnded ? "alive" : "dead";
  return hasProcess(owner.pid) ? "unknown" : "dead";
}

/** Whether there is a process with this id, be it another user's. */
function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Start of a process, and whether it has ended but its parent has not noticed; null where the system does not say. */
function statOf(pid: number): { startTicks: string; hasEnded: boolean } | null {
  const text = textOf(`/proc/${pid}/stat`);
  // The name in brackets may hold blanks and brackets. Behind it, field 3 is the state and field 22 the start time.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields.length < 20 ? null : { startTicks: fields[19], hasEnded: /[ZX]/.test(fields[0]) };
}

/** Text of a file; empty if it cannot be read. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1").trim();
  } catch {
    return "";
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
