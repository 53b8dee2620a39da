import type { Engine, Session } from "../runtime/engine.js";
import { decodeModel, encodeModel, type ModelInfo } from "./model-file.js";

/**
 * Opens a model: what it says of itself, and its net to run. The file's own graph is never run.
 * @param path its name in errors
 * @throws DataError if the bytes are no model of timbrel, or their parts contradict each other
 */
export async function openModel(
  bytes: Uint8Array,
  path: string,
  engine: Engine,
): Promise<{ info: ModelInfo; session: Session }> {
  const model = decodeModel(bytes, path);
  return { info: model.info, session: await engine.open(encodeModel(model)) };
}
