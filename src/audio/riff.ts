import { DataError } from "../core/errors.js";
import type { ByteSource } from "./byte-source.js";
import { idAt, idText, type SmallReads, smallReads } from "./small-reads.js";
import { padBytes, trailingChunksStart } from "./trailing-chunks.js";
import type { AudioWarning } from "./warning.js";

/** The two chunks of a WAV file that matter, in the file's byte order. */
export interface WavChunks {
  readonly container: "WAV" | "RF64" | "BW64" | "RIFX";
  readonly littleEndian: boolean;
  /** At most the first 64 bytes of the chunk. */
  readonly fmt: Uint8Array;
  /** Positions of the first byte of the samples and of the one after the last, before a pad byte or other chunks. */
  readonly start: number;
  readonly end: number;
  readonly warnings: AudioWarning[];
}

interface Chunk {
  id: string;
  /** Position of the chunk's content. */
  start: number;
  declaredBytes: number;
}

const HEADER_BYTES = 8;
/** More than any `fmt ` chunk that timbrel reads. */
const FMT_BYTES = 64;
/** No program writes that many; a damaged file could send the walk over gigabytes in steps of 8 bytes. */
const MAX_CHUNKS = 10_000;
const UNKNOWN_SIZE = 0xffffffff;
// Sizes that streaming writers leave in the header, the third one SoX; 2 ** 64 is the double nearest to 64 one bits.
const UNKNOWN_SIZES = new Set([0, UNKNOWN_SIZE, 0x7ffff000, 2 ** 64]);
const CONTAINERS: Record<string, WavChunks["container"]> = {
  RIFF: "WAV",
  RF64: "RF64",
  BW64: "BW64",
  RIFX: "RIFX",
};

/** Whether the file begins like a WAV file of any byte order or size. */
export function isRiff(bytes: Uint8Array): boolean {
  return idAt(bytes, 0) in CONTAINERS;
}

/**
 * Finds the `fmt ` and `data` chunks of a RIFF, RIFX, RF64 or BW64 file. Chunks may be odd-sized with or without their
 * pad byte. A data size of 0 or 0xFFFFFFFF (left by a streaming writer that could not go back to fill it in) means that
 * the samples extend to the end of the file, or to a run of known chunks that ends exactly there.
 * @throws DataError if the file is not a WAV file, or lacks either chunk
 */
export async function readWavChunks(source: ByteSource, path: string): Promise<WavChunks> {
  const { size } = source;
  const read = smallReads(source);
  const top = await read(0, 12);
  const container = CONTAINERS[idAt(top, 0)];
  if (container === undefined) throw new DataError(path, "not a RIFF file");
  if (size < 12) throw new DataError(path, `the file ends after ${size} bytes, inside its RIFF header`);
  if (idAt(top, 8) !== "WAVE")
    throw new DataError(path, `RIFF file of form ${idText(idAt(top, 8))}, not WAVE`);

  const littleEndian = container !== "RIFX";
  const warnings: AudioWarning[] = [];
  let fmt: Uint8Array | undefined;
  let data: { start: number; end: number } | undefined;
  let longDataBytes: number | undefined;
  let position = 12;
  for (let n = 0; n < MAX_CHUNKS && position + HEADER_BYTES <= size; n++) {
    const header = await read(position, HEADER_BYTES);
    const chunk: Chunk = {
      id: idAt(header, 0),
      start: position + HEADER_BYTES,
      declaredBytes: viewOf(header).getUint32(4, littleEndian),
    };
    let end = chunk.start + chunk.declaredBytes;
    if (chunk.id === "ds64" && size >= chunk.start + 16)
      longDataBytes = Number(viewOf(await read(chunk.start, 16)).getBigUint64(8, littleEndian));
    else if (chunk.id === "fmt " && fmt === undefined)
      fmt = (await read(chunk.start, Math.min(chunk.declaredBytes, FMT_BYTES))).slice();
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
      end = await dataEnd(source, { ...chunk, declaredBytes }, littleEndian, warnings);
      data = { start: chunk.start, end };
    } else if (end > size && data === undefined)
      throw new DataError(
        path,
        `chunk ${idText(chunk.id)} at byte ${position} declares ${chunk.declaredBytes} bytes, ` +
          `the file ends after ${size}; no data chunk was found`,
      );
    position = await nextChunk(read, end, end - chunk.start);
  }
  if (fmt === undefined) throw new DataError(path, "the file has no fmt chunk");
  if (data === undefined) throw new DataError(path, "the file has no data chunk");
  return { container, littleEndian, fmt, ...data, warnings };
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Position where the samples end; warns if the file is shorter than the declared size. */
async function dataEnd(
  source: ByteSource,
  { start, declaredBytes }: Chunk,
  littleEndian: boolean,
  warnings: AudioWarning[],
): Promise<number> {
  if (UNKNOWN_SIZES.has(declaredBytes)) return trailingChunksStart(source, start, littleEndian);
  const end = start + declaredBytes;
  if (end <= source.size) {
    // A size of 4 GB and more does not fit into the header; some writers keep its lowest 32 bits.
    const lost = Math.floor((source.size - end) / 2 ** 32) * 2 ** 32;
    if (lost > 0)
      warnings.push({
        code: "ambiguous-format",
        message: `data chunk declares ${declaredBytes} bytes of ${source.size - start}; timbrel assumes ${declaredBytes + lost}, which do not fit into the header`,
      });
    return end + lost;
  }
  warnings.push({
    code: "truncated",
    message: `data chunk declares ${declaredBytes} bytes, the file ends after ${source.size - start}`,
  });
  return source.size;
}

/** Position of the chunk after one of `size` bytes that ends at `end`; an odd size should have a pad byte. */
async function nextChunk(read: SmallReads, end: number, size: number): Promise<number> {
  return size % 2 === 0 ? end : end + padBytes(await read(end, 5), 0);
}
