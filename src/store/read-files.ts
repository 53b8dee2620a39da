import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "../core/errors.js";
import { isStoreFolder, statOrNull } from "./audio-files.js";
import { readingReason } from "./system-errors.js";

/** Most bytes that Node reads at once. */
const MAX_BYTES = 2 ** 31 - 1;

/**
 * Checks that a file can be read whole; one that does not exist passes.
 * @param what the file in words, e.g. "a model file"
 * @throws DataError if it is a device or too large
 */
export function checkSize(path: string, what: string): void {
  const stats = statOrNull(path);
  // A device such as /dev/zero has no end.
  if (stats?.isCharacterDevice() || stats?.isBlockDevice())
    throw new DataError(path, `is a device, not ${what}`);
  if (stats !== null && stats.size > MAX_BYTES)
    throw new DataError(path, `has ${stats.size} bytes, but ${what} has at most ${MAX_BYTES}`);
}

/**
 * Reads a model file.
 * @throws DataError if it cannot be read, or is no file or too large for a model
 */
export function readModelFile(path: string): Uint8Array {
  if (statOrNull(path)?.isDirectory()) {
    if (isStoreFolder(path))
      throw new DataError(
        path,
        "is a store of features, not a model; name a model file, e.g. models/mine/model.onnx",
      );
    throw new DataError(path, `is a folder; name the model file in it, e.g. ${join(path, "model.onnx")}`);
  }
  checkSize(path, "a model file");
  return readOr(path, "model file does not exist; train one, or check the path");
}

function readOr(path: string, missing: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw readProblem(path, cause, missing);
  }
}

/** The error for a file that cannot be opened or read. */
export function readProblem(path: string, cause: unknown, missing = "does not exist"): DataError {
  const { code } = cause as NodeJS.ErrnoException;
  const reasons: Record<string, string> = { ENOENT: missing, EISDIR: "is a folder, not a file" };
  return new DataError(path, reasons[code ?? ""] ?? readingReason(cause), { cause });
}
