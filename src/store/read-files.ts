import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "../core/errors.js";
import { statOrNull } from "./audio-files.js";
import { readingReason } from "./system-errors.js";

/**
 * Reads an audio file.
 * @throws DataError if it cannot be read
 */
export function readAudioFile(path: string): Uint8Array {
  return readOr(path, "does not exist");
}

/** Most bytes of a model file. */
const MAX_MODEL_BYTES = 2 ** 30;

/**
 * Reads a model file.
 * @throws DataError if it cannot be read, or is no file or too large for a model
 */
export function readModelFile(path: string): Uint8Array {
  const stats = statOrNull(path);
  if (stats?.isDirectory())
    throw new DataError(path, `is a folder; name the model file in it, e.g. ${join(path, "model.onnx")}`);
  // A device such as /dev/zero has no end.
  if (stats?.isCharacterDevice() || stats?.isBlockDevice())
    throw new DataError(path, "is a device, not a model file");
  if (stats !== null && stats.size > MAX_MODEL_BYTES)
    throw new DataError(path, `has ${stats.size} bytes, but a model file has at most ${MAX_MODEL_BYTES}`);
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
