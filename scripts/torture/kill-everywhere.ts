import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Random } from "../../src/core/random.js";
import type { TortureResult } from "./torture.js";

const KILL_AT = new URL("./kill-at.js", import.meta.url).href;

/** A program that writes to a folder, and what puts the folder right after it was killed. */
export interface Victim {
  readonly name: string;
  /** Fills an empty folder with what the program needs; it is the program's working folder. */
  readonly start: (dir: string) => void;
  /** Arguments of Node. */
  readonly args: readonly string[];
  /** Puts the folder right after a kill, e.g. by running the program again. */
  readonly finish: (dir: string) => Promise<void>;
  /** Name of the part of the folder that must end with the same bytes as after an undisturbed run. */
  readonly output: string;
  /** Other content that is right, too. */
  readonly alsoRight?: FolderContent;
}

/** Content of the files of a folder, by path. */
export type FolderContent = Readonly<Record<string, string>>;

/** Content of the files of a folder, without what depends on where the folder is and in which order threads finish. */
export function contentOf(dir: string): FolderContent {
  const names = readdirSync(dir, { recursive: true, encoding: "utf8" }).sort();
  const files = names.filter((name) => statSync(join(dir, name)).isFile());
  return Object.fromEntries(
    files.map((name) => {
      const text = readFileSync(join(dir, name), "latin1");
      return [name, basename(name) === "sources.jsonl" ? sourcesIn(text) : text];
    }),
  );
}

/** The lines of a store's index in sorted order, without the paths and times of the audio. */
function sourcesIn(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(/"path":"[^"]*",|"[mc]timeMs":[\d.]+,/g, ""));
  return lines.sort().join("\n");
}

/** Result of a program: its exit code, null if it was killed, and what it printed to stderr. */
export interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** Runs Node in a folder; with `killAfterMs`, kills it then. */
export function runNode(
  dir: string,
  args: readonly string[],
  { env = {}, killAfterMs }: { env?: Record<string, string>; killAfterMs?: number } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    cwd: dir,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stderr });
    });
  });
}

/** Runs Node in a folder, and throws unless it ends with exit code 0. */
export async function runNodeWell(dir: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runNode(dir, args);
  if (code !== 0) throw new Error(`exit ${code}: ${stderr.trimEnd().split("\n").at(-1)}`);
}

/** Environment that kills a process at a call that changes the disk, see kill-at.ts. */
const killing = (settings: Record<string, string>) => ({
  NODE_OPTIONS: `--import=${KILL_AT}`,
  ...settings,
});

/**
 * Kills a program at every call that changes the disk, and in the middle of every write.
 * @param options.every tries every n-th point only @default 1
 * @param options.isTorn also kills in the middle of writes @default true
 */
export async function killEverywhere(
  victim: Victim,
  { every = 1, isTorn = true }: { every?: number; isTorn?: boolean } = {},
): Promise<TortureResult> {
  const { calls, right } = await undisturbed(victim);
  const points = calls.flatMap((name, i) =>
    isTorn && /^(write|append)/.test(name) ? [i + 1, i + 1.5] : [i + 1],
  );
  const tried = points.filter((_, i) => i % every === 0);
  const faults = await Promise.all(
    inLanes(tried, (point) =>
      faultOf(victim, right, `call ${point}`, (dir) =>
        runNode(dir, victim.args, { env: killing({ KILL_AT: `${point}` }) }),
      ),
    ),
  );
  return { tried: tried.length, faults: faults.flat() };
}

/**
 * Has the disk full from every call on that changes it. The program must end with one line that names a path and the
 * reason, or need no more space; when there is space again, it must finish as after a kill.
 */
export async function fillDiskEverywhere(victim: Victim): Promise<TortureResult> {
  const { calls, right } = await undisturbed(victim);
  const points = calls.map((_, i) => i + 1);
  const faults = await Promise.all(
    inLanes(points, (point) =>
      faultOf(victim, right, `call ${point}, disk full`, async (dir) => {
        const { code, stderr } = await runNode(dir, victim.args, { env: killing({ FULL_AT: `${point}` }) });
        const lines = stderr.trimEnd().split("\n");
        const isNamed = /^timbrel: \S+: cannot be \w+: no space is left on the device/.test(lines.at(-1)!);
        if (code === 1 && isNamed && !/^ {4}at /m.test(stderr)) return;
        // At the end, files are only removed or renamed, which needs no space.
        if (code === 0 && differenceOf(contentOf(join(dir, victim.output)), right) === "") return;
        throw new Error(`ends with exit ${code} and ${JSON.stringify(lines.at(-1))}`);
      }),
    ),
  );
  return { tried: points.length, faults: faults.flat() };
}

/** Kills a program at random moments of its running time. */
export async function killAtRandom(
  victim: Victim,
  { seed, times }: { seed: number; times: number },
): Promise<TortureResult> {
  const { right, elapsedMs } = await undisturbed(victim);
  const random = new Random(`${seed}/${victim.name}`);
  const moments = Array.from({ length: times }, () => Math.floor(random.uniform() * elapsedMs));
  const faults = await Promise.all(
    inLanes(moments, (killAfterMs) =>
      faultOf(victim, right, `after ${killAfterMs} ms`, (dir) => runNode(dir, victim.args, { killAfterMs })),
    ),
  );
  return { tried: times, faults: faults.flat() };
}

/** What a program does if nothing disturbs it. */
async function undisturbed(
  victim: Victim,
): Promise<{ calls: string[]; right: FolderContent; elapsedMs: number }> {
  return await inFolder(async (dir) => {
    victim.start(dir);
    const log = join(dir, "calls.log");
    const startMs = performance.now();
    const { code, stderr } = await runNode(dir, victim.args, { env: killing({ KILL_LOG: log }) });
    const elapsedMs = performance.now() - startMs;
    if (code !== 0) throw new Error(`${victim.name}: undisturbed, exit ${code}: ${stderr}`);
    const calls = readFileSync(log, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ")[1]);
    return { calls, right: contentOf(join(dir, victim.output)), elapsedMs };
  });
}

/** Disturbs the program in a new folder, puts the folder right, and returns a line for what is then still wrong. */
async function faultOf(
  victim: Victim,
  right: FolderContent,
  where: string,
  disturb: (dir: string) => Promise<unknown>,
): Promise<string[]> {
  return await inFolder(async (dir) => {
    victim.start(dir);
    try {
      await disturb(dir);
      await victim.finish(dir);
      const found = contentOf(join(dir, victim.output));
      const difference = differenceOf(found, right);
      const isAlsoRight = victim.alsoRight !== undefined && differenceOf(found, victim.alsoRight) === "";
      return difference === "" || isAlsoRight ? [] : [`${victim.name}, ${where}: ${difference}`];
    } catch (error) {
      return [`${victim.name}, ${where}: ${error instanceof Error ? error.message : error}`];
    }
  });
}

/** The files in which two folders differ; empty if they are equal. */
export function differenceOf(found: FolderContent, right: FolderContent): string {
  const names = [...new Set([...Object.keys(found), ...Object.keys(right)])];
  return names
    .filter((name) => found[name] !== right[name])
    .map(
      (name) =>
        `${name} is ${found[name] === undefined ? "missing" : right[name] === undefined ? "left" : "other"}`,
    )
    .join(", ");
}

async function inFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "timbrel-torture-"));
  try {
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Starts work on the items, as many at a time as there are cores, and returns a promise for each lane's results. */
function inLanes<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result[]>,
): Promise<Result[]>[] {
  let next = 0;
  return Array.from({ length: availableParallelism() }, async () => {
    const results: Result[] = [];
    while (next < items.length) results.push(...(await work(items[next++])));
    return results;
  });
}
