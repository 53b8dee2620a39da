import { DataError } from "../core/errors.js";

/** Fetches the model that comes with timbrel. */
export async function shippedModel(): Promise<Uint8Array> {
  // Written out, so that bundlers find the file and take it along.
  const response = await fetch(new URL("../../models/instruments.onnx", import.meta.url));
  if (!response.ok) throw new DataError("models/instruments.onnx", `the server answers ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
