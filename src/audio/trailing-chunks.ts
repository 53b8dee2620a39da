import type { ByteSource } from "./byte-source.js";
import { idAt, isPrintable } from "./small-reads.js";

// Chunks that programs write before and after the samples. Used only where the sizes in the file cannot be trusted.
const KNOWN_CHUNKS = (
  "fmt |data|ds64|fact|LIST|bext|cue |plst|smpl|inst|acid|strc|JUNK|junk|PAD |FLLR|PEAK|DISP|cart|iXML|axml|chna|" +
  "_PMX|aXML|id3 |ID3 |afsp|umid|levl|mext|link|minf|elm1|regn|labl|note|ltxt|SAUR|LGWV|wavl|slnt|r64m|MD5 "
).split("|");
const KNOWN_INITIALS = new Uint8Array(256);
for (const id of KNOWN_CHUNKS) KNOWN_INITIALS[id.charCodeAt(0)] = 1;
/** Their names as numbers, which are compared in a tenth of the time of strings. */
const KNOWN_CODES = new Set(
  KNOWN_CHUNKS.map((id) => [...id].reduce((sum, char) => sum * 256 + char.charCodeAt(0), 0)),
);
const HEADER_BYTES = 8;
// A run of chunks after streamed samples is short; the bound keeps the search for it linear in the number of bytes.
const MAX_TRAILING_CHUNKS = 64;
/** How far from the file's end a run of chunks may begin: room for a picture, little enough to be held in memory. */
const MAX_TRAILING_BYTES = 2 ** 24;

/**
 * Finds where samples of unknown length end: at the first run of known chunks that ends exactly with the file, or else
 * at the file's end. Only the last 16 MB are searched.
 * @param start position of the first sample
 */
export async function trailingChunksStart(
  source: ByteSource,
  start: number,
  littleEndian: boolean,
): Promise<number> {
  const from = Math.max(start, source.size - MAX_TRAILING_BYTES);
  const bytes = await source.read(from, source.size - from);
  return from + runStart(bytes, littleEndian);
}

function runStart(bytes: Uint8Array, littleEndian: boolean): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let first = 0; first + HEADER_BYTES <= bytes.length; first++) {
    if (KNOWN_INITIALS[bytes[first]] === 0) continue;
    let position = first;
    for (let n = 0; n < MAX_TRAILING_CHUNKS && isKnown(bytes, position); n++) {
      if (position + HEADER_BYTES > bytes.length) break;
      const size = view.getUint32(position + 4, littleEndian);
      const end = position + HEADER_BYTES + size;
      position = end === bytes.length || size % 2 === 0 ? end : end + padBytes(bytes, end);
      if (position === bytes.length) return first;
    }
  }
  return bytes.length;
}

/** Number of pad bytes behind an odd chunk that ends at `end`: should be 1, but some writers leave it out. */
export function padBytes(bytes: Uint8Array, end: number): 0 | 1 {
  if (isKnown(bytes, end + 1)) return 1;
  const lacksPad =
    isKnown(bytes, end) || (isPrintable(idAt(bytes, end)) && !isPrintable(idAt(bytes, end + 1)));
  return lacksPad ? 0 : 1;
}

function isKnown(bytes: Uint8Array, at: number): boolean {
  if (KNOWN_INITIALS[bytes[at]] !== 1) return false;
  return KNOWN_CODES.has(((bytes[at] * 256 + bytes[at + 1]) * 256 + bytes[at + 2]) * 256 + bytes[at + 3]);
}
