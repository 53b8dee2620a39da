import { createHash } from "node:crypto";
import { openFileSource } from "./file-source.js";

const PIECE = 2 ** 20;

/**
 * The hash by which a store knows the audio of a file.
 * @throws DataError if the file cannot be read
 */
export async function audioHashOf(path: string): Promise<string> {
  const source = openFileSource(path);
  try {
    const hash = createHash("sha256");
    for (let at = 0; at < source.size; at += PIECE) hash.update(await source.read(at, PIECE));
    return hash.digest("hex");
  } finally {
    source.close();
  }
}
