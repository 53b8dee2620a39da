import { DataError, errorLine } from "../core/errors.js";
import { Session } from "../runtime/session.js";
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
  options: { threads?: number } = {},
): Promise<{ info: ModelInfo; session: Session }> {
  const info = readModelInfo(bytes, path);
  let session: Session;
  try {
    session = await Session.open(bytes, options);
  } catch (cause) {
    throw new DataError(path, `is damaged (${errorLine(cause)})`, { cause });
  }
  const nOutputs = session.outputShape("probabilities")?.[1];
  if (nOutputs !== info.labels.length) {
    await session.close();
    throw new DataError(
      path,
      `must have an output for each of its ${info.labels.length} labels, got ${nOutputs}`,
    );
  }
  return { info, session };
}
