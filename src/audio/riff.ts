import { DataError } from "../core/errors.js";
import type { AudioWarning } from "./warning.js";

/** The two chunks of a WAV file that matter, as views of the file's bytes, in the file's byte order. */
export interface WavChunks {
  readonly container: "WAV" | "RF64" | "BW64" | "RIFX";
  readonly littleEndian: boolean;
  readonly fmt: Uint8Array;
  /** The bytes of the samples only, without a pad byte or the chunks that follow. */
  readonly data: Uint8Array;
  readonly warnings: AudioWarning[];
}

interface Chunk {
  id: string;
  /** Position of the chunk's content. */
  start: number;
  declaredBytes: number;
}

const HEADER_BYTES = 8;
const UNKNOWN_SIZE = 0xffffffff;
// Sizes that streaming writers leave in the header; 2 ** 64 is the double nearest to 64 one bits.
const UNKNOWN_SIZES = new Set([0, UNKNOWN_SIZE, 2 ** 64]);
const CONTAINERS: Record<string, WavChunks["container"]> = {
  RIFF: "WAV",
  RF64: "RF64",
  BW64: "BW64",
  RIFX: "RIFX",
};

// Chunks that programs write before and after the samples. Used only where the sizes in the file cannot be trusted.
const KNOWN_CHUNKS = new Set(
  (
    "fmt |data|ds64|fact|LIST|bext|cue |plst|smpl|inst|acid|strc|JUNK|junk|PAD |FLLR|PEAK|DISP|cart|iXML|axml|chna|" +
    "_PMX|aXML|id3 |ID3 |afsp|umid|levl|mext|link|minf|elm1|regn|labl|note|ltxt|SAUR|LGWV|wavl|slnt|r64m|MD5 "
  ).split("|"),
);
const KNOWN_INITIALS = new Uint8Array(256);
for (const id of KNOWN_CHUNKS) KNOWN_INITIALS[id.charCodeAt(0)] = 1;
// A run of chunks after streamed samples is short; the bound keeps the search for it linear in the file's size.
const MAX_TRAILING_CHUNKS = 64;

/** Whether the file begins like a WAV file of any byte order or size. */
export function isRiff(bytes: Uint8Array): boolean {
  return idAt(bytes, 0) in CONTAINERS;
}

/**
 * Reads the `fmt ` and `data` chunks of a RIFF, RIFX, RF64 or BW64 file. Chunks may be odd-sized with or without their
 * pad byte. A data size of 0 or 0xFFFFFFFF (left by a streaming writer that could not go back to fill it in) means that
 * the samples extend to the end of the file, or to a run of known chunks that ends exactly there.
 * @throws DataError if the file is not a WAV file, or lacks either chunk
 */
export function readWavChunks(bytes: Uint8Array, path: string): WavChunks {
  const container = CONTAINERS[idAt(bytes, 0)];
  if (container === undefined) throw new DataError(path, "not a RIFF file");
  if (bytes.length < 12)
    throw new DataError(path, `the file ends after ${bytes.length} bytes, inside its RIFF header`);
  if (idAt(bytes, 8) !== "WAVE")
    throw new DataError(path, `RIFF file of form ${idText(idAt(bytes, 8))}, not WAVE`);

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = container !== "RIFX";
  const warnings: AudioWarning[] = [];
  let fmt: Uint8Array | undefined;
  let data: Uint8Array | undefined;
  let longDataBytes: number | undefined;
  let position = 12;
  while (position + HEADER_BYTES <= bytes.length) {
    const chunk: Chunk = {
      id: idAt(bytes, position),
      start: position + HEADER_BYTES,
      declaredBytes: view.getUint32(position + 4, littleEndian),
    };
    let end = chunk.start + chunk.declaredBytes;
    if (chunk.id === "ds64" && bytes.length >= chunk.start + 16)
      longDataBytes = Number(view.getBigUint64(chunk.start + 8, littleEndian));
    else if (chunk.id === "fmt " && fmt === undefined) fmt = bytes.subarray(chunk.start, end);
    else if (chunk.id === "data" && data !== undefined)
      warnings.push({
        code: "ignored-data",
        message: `a second data chunk of ${chunk.declaredBytes} bytes is not read`,
      });
    else if (chunk.id === "data") {
      if (fmt === undefined) throw new DataError(path, "the data chunk comes before any fmt chunk");
      const isLong = chunk.declaredBytes === UNKNOWN_SIZE && (container === "RF64" || container === "BW64");
      if (isLong && longDataBytes === undefined)
        throw new DataError(path, `${container} file has no ds64 chunk`);
      const declaredBytes = isLong ? (longDataBytes as number) : chunk.declaredBytes;
      end = dataEnd(bytes, { ...chunk, declaredBytes }, littleEndian, warnings);
      data = bytes.subarray(chunk.start, end);
    } else if (end > bytes.length && data === undefined)
      throw new DataError(
        path,
        `chunk ${idText(chunk.id)} at byte ${position} declares ${chunk.declaredBytes} bytes, ` +
          `the file ends after ${bytes.length}; no data chunk was found`,
      );
    position = nextChunk(bytes, end, end - chunk.start);
  }
  if (fmt === undefined) throw new DataError(path, "the file has no fmt chunk");
  if (data === undefined) throw new DataError(path, "the file has no data chunk");
  return { container, littleEndian, fmt, data, warnings };
}

/** Position where the samples end; warns if the file is shorter than the declared size. */
function dataEnd(bytes: Uint8Array, chunk: Chunk, littleEndian: boolean, warnings: AudioWarning[]): number {
  const end = chunk.start + chunk.declaredBytes;
  if (chunk.declaredBytes > 0 && end <= bytes.length) return end;
  if (UNKNOWN_SIZES.has(chunk.declaredBytes)) return trailingChunksStart(bytes, chunk.start, littleEndian);
  warnings.push({
    code: "truncated",
    message: `data chunk declares ${chunk.declaredBytes} bytes, the file ends after ${bytes.length - chunk.start}`,
  });
  return bytes.length;
}

/** Start of the first run of known chunks from `start` on that ends exactly with the file, or else the file's end. */
function trailingChunksStart(bytes: Uint8Array, start: number, littleEndian: boolean): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let first = start; first + HEADER_BYTES <= bytes.length; first++) {
    if (KNOWN_INITIALS[bytes[first]] === 0) continue;
    let position = first;
    for (let n = 0; n < MAX_TRAILING_CHUNKS && isKnown(bytes, position); n++) {
      if (position + HEADER_BYTES > bytes.length) break;
      const size = view.getUint32(position + 4, littleEndian);
      const end = position + HEADER_BYTES + size;
      position = end === bytes.length ? end : nextChunk(bytes, end, size);
      if (position === bytes.length) return first;
    }
  }
  return bytes.length;
}

/** Position of the chunk after one of `size` bytes that ends at `end`; an odd size should have a pad byte. */
function nextChunk(bytes: Uint8Array, end: number, size: number): number {
  if (size % 2 === 0 || isKnown(bytes, end + 1)) return end + (size % 2);
  const lacksPad =
    isKnown(bytes, end) || (isPrintable(idAt(bytes, end)) && !isPrintable(idAt(bytes, end + 1)));
  return lacksPad ? end : end + 1;
}

function isKnown(bytes: Uint8Array, position: number): boolean {
  return KNOWN_INITIALS[bytes[position]] === 1 && KNOWN_CHUNKS.has(idAt(bytes, position));
}

function idAt(bytes: Uint8Array, position: number): string {
  return String.fromCharCode(...bytes.subarray(position, position + 4));
}

function isPrintable(id: string): boolean {
  return /^[\x20-\x7e]{4}$/.test(id);
}

function idText(id: string): string {
  return isPrintable(id)
    ? `"${id}"`
    : `0x${[...id].map((c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join("")}`;
}
