import { DataError, errorLine } from "../core/errors.js";
import type { Engine, Session } from "../runtime/engine.js";
import { type ModelInfo, readModelInfo } from "./model-file.js";

/**
 * Opens a model: what it says of itself, and the net that must fit it.
 * @param path its name in errors
 * @throws DataError if the bytes are no model of timbrel, or one that ONNX Runtime refuses, or if its net has not one
 *   output for each label
 */
export async function openModel(
  bytes: Uint8Array,
  path: string,
  engine: Engine,
): Promise<{ info: ModelInfo; session: Session }> {
  const info = readModelInfo(bytes, path);
  let session: Session;
  try {
    session = await engine.open(bytes);
  } catch (cause) {
    throw new DataError(path, `is damaged (${errorLine(cause)})`, { cause });
  }
  return { info, session };
}
