import type { ByteSource } from "./byte-source.js";

/** Bytes read at once: the headers of most files come with the first piece. */
const PIECE_BYTES = 4096;

/** Reads a few bytes at a position of a file, fewer at its end. */
export type SmallReads = (start: number, length: number) => Promise<Uint8Array>;

/** Returns a reader of small pieces that keeps the last 4 KB, so that walking over headers costs few reads. */
export function smallReads(source: ByteSource): SmallReads {
  let start = 0;
  let piece: Uint8Array = new Uint8Array();
  return async (at, length) => {
    if (at < start || at + length > start + piece.length) {
      piece = await source.read(at, Math.max(length, PIECE_BYTES));
      start = at;
    }
    return piece.subarray(at - start, at - start + length);
  };
}

/** Four bytes as text, e.g. the name of a chunk; shorter where the bytes end. */
export function idAt(bytes: Uint8Array, position: number): string {
  return String.fromCharCode(...bytes.subarray(position, position + 4));
}

export function isPrintable(id: string): boolean {
  return /^[\x20-\x7e]{4}$/.test(id);
}

/** A chunk's name in quotes, or its bytes in hexadecimal. */
export function idText(id: string): string {
  return isPrintable(id)
    ? `"${id}"`
    : `0x${[...id].map((c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join("")}`;
}
