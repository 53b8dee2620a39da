import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DataError, errorLine } from "../core/errors.js";

/**
 * Reads an audio file.
 * @throws DataError if it cannot be read
 */
export function readAudioFile(path: string): Uint8Array {
  return readOr(path, "does not exist");
}

/**
 * Reads a model file.
 * @throws DataError if it cannot be read
 */
export function readModelFile(path: string): Uint8Array {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new DataError(path, `is a folder; name the model file in it, e.g. ${join(path, "model.onnx")}`);
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
  return new DataError(path, reasons[code ?? ""] ?? `cannot be read: ${errorLine(cause)}`, { cause });
}
