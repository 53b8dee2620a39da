import { DataError } from "../core/errors.js";
import type { ByteSource } from "./byte-source.js";
import type { ByteWindow } from "./byte-window.js";
import { crc32 } from "./crc.js";

const HEADER_BYTES = 27;
/** A page is no longer than this: its header, 255 lengths, and 255 segments of 255 bytes. */
const MAX_PAGE_BYTES = HEADER_BYTES + 255 + 255 * 255;
/** A file with more damaged pages than this, and more than sound ones, is given up. */
const MANY_DAMAGED = 1000;

/** A page of an OGG file whose checksum is right. */
export interface OggPage {
  /** Where in the file it begins. */
  readonly position: number;
  /** Of the whole page [bytes]. */
  readonly length: number;
  /** Number of the logical stream. */
  readonly serial: number;
  /** Number of the page in its stream. */
  readonly sequence: number;
  /** Position at the end of the last packet that ends on this page, in the codec's unit; null if none ends here. */
  readonly granule: number | null;
  /** Whether the first segment goes on with a packet of the page before. */
  readonly isContinued: boolean;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Lengths of the segments; one of less than 255 bytes ends a packet. */
  readonly segments: Uint8Array;
  readonly body: Uint8Array;
}

/**
 * The pages of an OGG file in order. What is no page, or one whose checksum is wrong, is passed over.
 * @throws DataError if too many are damaged
 * Reference: RFC 3533, section 6
 */
export async function* oggPages(
  window: ByteWindow,
  { start, path }: { start: number; path: string },
): AsyncGenerator<OggPage> {
  let nPages = 0;
  let nDamaged = 0;
  for (let position = start; position < window.end; ) {
    const bytes = await window.from(position, MAX_PAGE_BYTES);
    const length = pageLength(bytes, 0);
    const page = length === null ? null : readPage(bytes, 0, length);
    if (page !== null) {
      yield { ...page, position };
      nPages++;
      position += page.length;
      continue;
    }
    if (length !== null && ++nDamaged > Math.max(MANY_DAMAGED, nPages))
      throw new DataError(path, `more than ${MANY_DAMAGED} OGG pages are damaged`);
    const next = bytes.indexOf(0x4f, 1); // "O"
    position += next < 0 ? bytes.length : next;
  }
}

/** The granule position of a stream's last page if it is at the end of the file; null if it is not. */
export async function lastGranule(source: ByteSource, serial: number): Promise<number | null> {
  const start = Math.max(0, source.size - 2 * MAX_PAGE_BYTES);
  const bytes = await source.read(start, source.size - start);
  for (let at = bytes.lastIndexOf(0x4f); at >= 0; at = at === 0 ? -1 : bytes.lastIndexOf(0x4f, at - 1)) {
    const length = pageLength(bytes, at);
    const page = length === null ? null : readPage(bytes, at, length);
    if (page !== null && page.serial !== serial) return null;
    if (page !== null && page.granule !== null) return page.granule;
  }
  return null;
}

/** Length of the page that begins at `at`; null if none begins there, or the bytes end before it. */
function pageLength(bytes: Uint8Array, at: number): number | null {
  const isPage =
    bytes[at] === 0x4f && bytes[at + 1] === 0x67 && bytes[at + 2] === 0x67 && bytes[at + 3] === 0x53;
  if (!isPage || at + HEADER_BYTES > bytes.length) return null;
  const bodyAt = at + HEADER_BYTES + bytes[at + 26];
  if (bodyAt > bytes.length) return null;
  let length = bodyAt - at;
  for (let i = at + HEADER_BYTES; i < bodyAt; i++) length += bytes[i];
  return at + length <= bytes.length ? length : null;
}

/** Reads a page; null if its version is unknown or its checksum is wrong. */
function readPage(bytes: Uint8Array, at: number, length: number): Omit<OggPage, "position"> | null {
  const page = new Uint8Array(bytes.subarray(at, at + length)); // a copy, which a Buffer's slice is not
  const view = new DataView(page.buffer);
  const checksum = view.getUint32(22, true);
  view.setUint32(22, 0);
  if (page[4] !== 0 || crc32(page) !== checksum) return null;
  const granule = view.getBigInt64(6, true);
  const bodyAt = HEADER_BYTES + page[26];
  return {
    length,
    serial: view.getUint32(14, true),
    sequence: view.getUint32(18, true),
    granule: granule < 0n ? null : Number(granule),
    isContinued: (page[5] & 1) !== 0,
    isFirst: (page[5] & 2) !== 0,
    isLast: (page[5] & 4) !== 0,
    segments: page.subarray(HEADER_BYTES, bodyAt),
    body: page.subarray(bodyAt),
  };
}
