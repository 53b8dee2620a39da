import type { ByteSource } from "./byte-source.js";

const ID3V1_BYTES = 128;
const ID3V1_EXTENSION_BYTES = 227;
const APE_HEADER_BYTES = 32;
/** Longest text of Lyrics3 version 1, which does not say its length. */
const LYRICS3_BYTES = 5120;
/** Headers and footers of tags are shorter. */
const TAG_HEAD_BYTES = 32;
/** More tags at one end of a file are no accident, but meant to take time. */
const MAX_TAGS = 100;

/**
 * Returns the position behind the ID3v2 and APE tags at the beginning of a file, or 0 if there are none. It comes from the
 * lengths that the tags declare, which are often wrong: it may be beyond the end of the file.
 */
export async function leadingTagsEnd(source: ByteSource): Promise<number> {
  let at = 0;
  for (let i = 0; i < MAX_TAGS; i++) {
    const length = tagLength(await source.read(at, TAG_HEAD_BYTES));
    if (length === 0) break;
    at += length;
  }
  return at;
}

/** Length that the ID3v2, ID3v1 or APE tag which begins with these bytes says it has; 0 if none begins there. */
export function tagLength(head: Uint8Array): number {
  const text = latin1(head.subarray(0, TAG_HEAD_BYTES));
  if (text.startsWith("ID3") && head.length >= 10) {
    const footer = head[5] & 16 ? 10 : 0;
    return 10 + synchsafe(head.subarray(6, 10)) + footer;
  }
  if (text.startsWith("TAG")) return ID3V1_BYTES;
  if (text.startsWith("APETAGEX") && head.length >= APE_HEADER_BYTES)
    return APE_HEADER_BYTES + littleEndian(head, 12);
  return 0;
}

/** Where the tags at the end of a file begin: ID3v1, ID3v2.4 with a footer, APE, Lyrics3. The file's size if none. */
export async function trailingTagsStart(source: ByteSource): Promise<number> {
  let end = source.size;
  for (let i = 0; i < MAX_TAGS; i++) {
    const length = await trailingTagLength(source, end);
    if (length === 0 || length > end) break;
    end -= length;
  }
  return end;
}

/** Length of the tag that ends at `end`; 0 if there is none. A length counts only if the tag's beginning is there. */
async function trailingTagLength(source: ByteSource, end: number): Promise<number> {
  const textAt = async (start: number, length: number) =>
    start < 0 ? "" : latin1(await source.read(start, Math.min(length, end - start)));
  if ((await textAt(end - ID3V1_BYTES, 3)) === "TAG") return ID3V1_BYTES;
  if ((await textAt(end - ID3V1_EXTENSION_BYTES, 4)) === "TAG+") return ID3V1_EXTENSION_BYTES;

  const tail = await source.read(Math.max(0, end - TAG_HEAD_BYTES), Math.min(end, TAG_HEAD_BYTES));
  const text = latin1(tail);
  if (text.startsWith("APETAGEX") && tail.length === APE_HEADER_BYTES) {
    const length = littleEndian(tail, 12);
    const hasHeader = (await textAt(end - length - APE_HEADER_BYTES, 8)) === "APETAGEX";
    return hasHeader ? length + APE_HEADER_BYTES : Math.max(length, APE_HEADER_BYTES);
  }
  if (text.endsWith("LYRICS200")) {
    const length = Number(text.slice(-15, -9)) + 15;
    return (await textAt(end - length, 11)) === "LYRICSBEGIN" ? length : 0;
  }
  if (text.endsWith("LYRICSEND")) {
    const start = Math.max(0, end - LYRICS3_BYTES);
    const begin = (await textAt(start, LYRICS3_BYTES)).lastIndexOf("LYRICSBEGIN");
    return begin < 0 ? 0 : end - start - begin;
  }
  if (text.slice(-10).startsWith("3DI")) {
    const length = synchsafe(tail.subarray(-4)) + 20;
    return (await textAt(end - length, 3)) === "ID3" ? length : 0;
  }
  return 0;
}

/** Four bytes of seven bits. */
const synchsafe = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum * 128 + (byte & 127), 0);

const littleEndian = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
