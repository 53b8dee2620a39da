import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { DataError } from "./errors.js";
import type { Tensor } from "./tensor.js";

/**
 * SHA-256 over a text and tensors, as 64 hex digits: over the JSON of `[text, [[name, shape], ...]]`, names in alphabetical
 * order, and then the bytes of each tensor in that order.
 */
export function contentChecksum(text: string, tensors: ReadonlyMap<string, Tensor>): string {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  const list = sorted.map(([name, { shape }]) => [name, shape]);
  const hash = sha256.create().update(utf8ToBytes(JSON.stringify([text, list])));
  for (const [, { data }] of sorted)
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return bytesToHex(hash.digest());
}

/**
 * Checks that a file's content is what it was when its checksum was written.
 * @param stored the checksum in the file; undefined in files of versions that wrote none
 * @throws DataError if the content has changed
 */
export function checkContent(
  path: string,
  stored: string | undefined,
  content: { text: string; tensors: ReadonlyMap<string, Tensor>; isRequired: boolean },
): void {
  const { text, tensors, isRequired } = content;
  if (stored === undefined && !isRequired) return;
  if (stored !== contentChecksum(text, tensors))
    throw new DataError(
      path,
      "is damaged: its content does not match its checksum; copy it again, or make it again",
    );
}
