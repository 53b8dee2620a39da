import { DataError } from "../core/errors.js";

const NAME = "the model that comes with timbrel";

/**
 * Fetches the model that comes with timbrel.
 * @throws DataError if the server does not give it
 */
export async function shippedModel(): Promise<Uint8Array> {
  // Written out, so that bundlers find the file and take it along.
  const response = await fetch(new URL("../../models/instruments.onnx", import.meta.url)).catch(() => {
    throw new DataError(NAME, "cannot be loaded: the page's server does not answer; start it again");
  });
  if (!response.ok) throw new DataError(NAME, `cannot be loaded: the server answers ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
