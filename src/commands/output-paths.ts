import { closeSync, existsSync, openSync, readSync, realpathSync } from "node:fs";
import { UsageError } from "../core/errors.js";
import { PREDICTIONS_HEAD } from "../report/predictions-csv.js";
import { REPORT_HEAD } from "../report/report.js";
import { statOrNull } from "../store/audio-files.js";

/** A file that a command is to write, and the first bytes of such files. */
export interface Output {
  /** The flag that names it. */
  readonly flag: string;
  readonly path: string;
  readonly kind: "PNG" | ".npy" | "text" | "predictions" | "HTML" | "JSON report";
}

const MARKS = {
  PNG: "\x89PNG",
  ".npy": "\x93NUMPY",
  predictions: PREDICTIONS_HEAD,
  HTML: "<!doctype html>",
  "JSON report": REPORT_HEAD,
} as const;
/** Bytes that are looked at to tell text from other files. */
const HEAD_BYTES = 512;
/** Control characters that text holds: tab, line feed, form feed, carriage return. */
const TEXT_CONTROLS = [9, 10, 12, 13];

/**
 * Checks that no output replaces a file that is read, another output, or a file of another kind: a forgotten name makes
 * the next argument, perhaps a recording, the name of the output.
 * @throws UsageError naming the flag
 */
export function checkOutputs(outputs: readonly Output[], inputs: readonly string[]): void {
  const taken = new Map(inputs.map((path) => [realPath(path), "is read"]));
  for (const { flag, path, kind } of outputs) {
    const real = realPath(path);
    const use = taken.get(real);
    if (use !== undefined)
      throw new UsageError({ setting: flag, rule: "name a file of its own", got: `${path}, which ${use}` });
    taken.set(real, `${flag} names too`);
    if (statOrNull(real)?.isFile() && !isOfKind(real, kind))
      throw new UsageError({
        setting: flag,
        rule: `name a new file, or a ${kind} file to replace`,
        got: `${path}, which is another kind of file`,
      });
  }
}

/** The path with links followed; the path itself for a file that does not exist. */
function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** Whether a file begins as files of its kind do, or is empty. */
function isOfKind(path: string, kind: Output["kind"]): boolean {
  const head = Buffer.alloc(kind === "text" ? HEAD_BYTES : MARKS[kind].length);
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return true; // what cannot be read is left to the writing
  }
  try {
    const nRead = readSync(fd, head, 0, head.length, 0);
    if (kind === "text")
      return head.subarray(0, nRead).every((byte) => byte >= 32 || TEXT_CONTROLS.includes(byte));
    return nRead === 0 || head.toString("latin1") === MARKS[kind];
  } finally {
    closeSync(fd);
  }
}
