import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** A call of a function of `node:fs` that is about to change the disk. */
export interface DiskChange {
  /** Name of the function. */
  readonly name: string;
  readonly args: readonly unknown[];
  /** Does only the first half of a write; undefined if the call writes no content. */
  readonly half: (() => void) | undefined;
}

type Call = (...args: unknown[]) => unknown;

const WRITES = ["writeFileSync", "appendFileSync", "writeSync"];
const OTHERS =
  "openSync renameSync linkSync symlinkSync copyFileSync mkdirSync rmSync rmdirSync unlinkSync truncateSync ftruncateSync".split(
    " ",
  );

/**
 * Calls a listener before every call that changes the disk in this thread; what it throws, the call throws.
 * @returns a function that ends this
 */
export function watchDiskChanges(before: (change: DiskChange) => void): () => void {
  const functions = fs as unknown as Record<string, Call>;
  const originals = Object.fromEntries([...WRITES, ...OTHERS].map((name) => [name, functions[name]]));
  let isInside = false; // some of the functions call others of them, and so may the listener
  for (const [name, original] of Object.entries(originals))
    functions[name] = (...args) => {
      if (isInside || !changesDisk(name, args)) return original(...args);
      isInside = true;
      try {
        const half = WRITES.includes(name) ? () => void original(...firstHalf(name, args)) : undefined;
        before({ name, args, half });
        return original(...args);
      } finally {
        isInside = false;
      }
    };
  syncBuiltinESMExports();
  return () => {
    Object.assign(fs, originals);
    syncBuiltinESMExports();
  };
}

function changesDisk(name: string, args: readonly unknown[]): boolean {
  if (args[0] === 1 || args[0] === 2) return false; // stdout and stderr
  return name !== "openSync" || (typeof args[1] === "string" && /[wa+]/.test(args[1]));
}

/** The arguments of a call that writes only the first half of the content. */
function firstHalf(name: string, [target, content, ...rest]: readonly unknown[]): unknown[] {
  const bytes = typeof content === "string" ? Buffer.from(content) : Buffer.from(content as Uint8Array);
  if (name !== "writeSync") return [target, bytes.subarray(0, Math.floor(bytes.length / 2)), ...rest];
  const [offset = 0, length = bytes.length, position = null] = rest as number[];
  return [target, bytes, offset, Math.floor(length / 2), position];
}
