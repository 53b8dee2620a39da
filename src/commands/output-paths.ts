import { closeSync, existsSync, openSync, readSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "../core/errors.js";
import { PREDICTIONS_HEAD } from "../report/predictions-csv.js";
import { REPORT_HEAD } from "../report/report.js";
import { TAGGING_HEAD } from "../report/tagging-heads.js";
import { isStoreFolder, statOrNull } from "../store/audio-files.js";

/** A file that a command is to write. */
export interface Output {
  /** The flag that names it. */
  readonly flag: string;
  readonly path: string;
  readonly kind: keyof typeof KINDS;
}

/** What files of a kind begin with, and the endings of their names if they need one. */
const KINDS = {
  PNG: { head: /^\x89PNG/, endings: [".png"] },
  ".npy": { head: /^\x93NUMPY/, endings: [".npy"] },
  model: { head: /^.{4}timbrel/s, endings: [".onnx"] },
  HTML: { head: /^<!doctype html>/, endings: [".html", ".htm"] },
  "JSON report": { head: startingWith(REPORT_HEAD), endings: [] },
  predictions: { head: startingWith(PREDICTIONS_HEAD), endings: [] },
  "CSV index": { head: /^path,(seconds,nSegments|start,end)\n/, endings: [".csv"] },
  "predict output": { head: TAGGING_HEAD, endings: [] },
} as const satisfies Record<string, { head: RegExp; endings: readonly string[] }>;

/** More than the first line of any output [bytes]. */
const HEAD_BYTES = 8192;

function startingWith(text: string): RegExp {
  return new RegExp(`^${text.replace(/[^\w,]/g, "\\$&")}`);
}

/**
 * Checks all files that a command is to write: none may replace a file that is read, another output, or a file that
 * timbrel has not written. A forgotten name makes the next argument, perhaps a recording, the name of an output.
 * @throws UsageError naming the flag
 */
export function checkOutputs(outputs: readonly Output[], inputs: readonly string[]): void {
  const taken = new Map(inputs.map((path) => [realPath(path), "is read"]));
  for (const { flag, path, kind } of outputs) {
    const mistake = (rule: string, what = "") =>
      new UsageError({ setting: flag, rule, got: what === "" ? path : `${path}, which ${what}` });
    const real = realPath(path);
    const use = taken.get(real);
    if (use !== undefined) throw mistake("name a file of its own", use);
    taken.set(real, `${flag} names too`);
    const stats = statOrNull(real);
    if (stats?.isDirectory()) throw mistake("name a file", "is a folder");
    // The finished file takes the place of what has its name, which would remove the device.
    if (stats?.isFile() === false) throw mistake("name a file", "is a device or a pipe");
    if (stats?.isFile() && !isOfKind(real, kind))
      throw mistake(`name a new file, or a ${kind} file to replace`, "is another kind of file");
    const { endings } = KINDS[kind];
    const isNamedSo = endings.length === 0 || endings.some((ending) => hasEnding(path, ending));
    if (!isNamedSo) throw mistake(`name a file ending in ${endings[0]}`);
    if (isInStore(real)) throw mistake("name a file that is not in a feature store", "is in one");
  }
}

const hasEnding = (path: string, ending: string): boolean => {
  const name = basename(path).toLowerCase();
  return name.endsWith(ending) && name !== ending;
};

/** The full path with links followed, as far as it exists. */
function realPath(path: string): string {
  const full = resolve(path);
  if (existsSync(full)) return realpathSync(full);
  const parent = dirname(full);
  return parent === full ? full : join(realPath(parent), basename(full));
}

function isInStore(path: string): boolean {
  const dir = dirname(path);
  return dir !== path && (isStoreFolder(dir) || isInStore(dir));
}

/** Whether a file begins as files of its kind do, or is empty. */
function isOfKind(path: string, kind: Output["kind"]): boolean {
  const head = Buffer.alloc(HEAD_BYTES);
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return true; // what cannot be read is left to the writing
  }
  try {
    const nRead = readSync(fd, head, 0, head.length, 0);
    return nRead === 0 || KINDS[kind].head.test(head.toString("latin1", 0, nRead));
  } finally {
    closeSync(fd);
  }
}
