import { closeSync, fstatSync, openSync, read as readCallback, readSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { counted } from "../core/counted.js";
import { DataError } from "../core/errors.js";
import type { Clip } from "../dataset/clip.js";
import type { FrameReader } from "../dataset/frame-reader.js";
import { DESCRIPTOR_NAMES } from "../features/descriptors.js";
import { decodeNpy, NPY_HEADER_BYTES, npyByteLength, readNpyHeader } from "./npy.js";
import type { StoredClip } from "./store.js";
import { readingReason } from "./system-errors.js";

const REMEDY = "delete it and extract the features again";

const readAsync = promisify(readCallback);

/**
 * Returns a reader over the `.npy` files of a store. It opens a file for every read, which costs 15 us and never runs
 * into a limit on open files. Reads run outside JavaScript's thread, so that a batch's reads overlap and Ctrl-C works.
 *
 * Its promises reject with a DataError if a file is missing, damaged or not of the clip's shape.
 * @param nMels number of values in a frame
 */
export function storeReader(dir: string, clips: readonly StoredClip[], nMels: number): FrameReader {
  const byHash = new Map(clips.map((clip) => [clip.audioHash, clip]));
  /** Offset of the values in each file that was checked [bytes]. */
  const dataOffsets = new Map<string, number>();
  const pathOf = ({ audioHash }: Clip, kind: "features" | "descriptors") =>
    join(dir, byHash.get(audioHash)![kind]);
  return {
    nFrames: ({ nFrames }) => nFrames,
    pathOf,
    async read(clip, first, count, out, offset) {
      const { nFrames } = byHash.get(clip.audioHash)!;
      const path = pathOf(clip, "features");
      const fd = openFile(path);
      try {
        const dataOffset = dataOffsets.get(path) ?? checkFile(fd, path, [nFrames, nMels]);
        dataOffsets.set(path, dataOffset);
        const nBytes = 4 * count * nMels;
        const bytes = new Uint8Array(out.buffer, out.byteOffset + 4 * offset, nBytes);
        const { bytesRead } = await readAsync(fd, bytes, 0, nBytes, dataOffset + 4 * first * nMels);
        if (bytesRead !== nBytes) throw new DataError(path, "ended while it was read");
      } finally {
        closeSync(fd);
      }
    },
    async descriptors(clip) {
      const path = pathOf(clip, "descriptors");
      const bytes = await readFile(path).catch((error: unknown) => {
        throw missing(path, error);
      });
      const { data, shape } = decodeNpy(bytes, path);
      if (shape.length !== 1 || shape[0] !== DESCRIPTOR_NAMES.length)
        throw new DataError(
          path,
          `has shape [${shape.join(", ")}], not [${DESCRIPTOR_NAMES.length}]; ${REMEDY}`,
        );
      return data;
    },
  };
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw missing(path, error);
  }
}

function missing(path: string, cause: unknown): DataError {
  return new DataError(path, `${readingReason(cause)}; extract the features again`, { cause });
}

/** Checks a file's header and length, and returns the offset of its values [bytes]. */
function checkFile(fd: number, path: string, expected: readonly [nFrames: number, nMels: number]): number {
  const head = new Uint8Array(NPY_HEADER_BYTES);
  const nHead = readSync(fd, head, 0, head.length, 0);
  const { shape, dataOffset } = readNpyHeader(head.subarray(0, nHead), path);
  if (shape.length !== 2 || shape[0] !== expected[0] || shape[1] !== expected[1])
    throw new DataError(path, `has shape [${shape.join(", ")}], not [${expected.join(", ")}]; ${REMEDY}`);
  const { size } = fstatSync(fd);
  if (size !== npyByteLength(shape))
    throw new DataError(path, `is ${counted(size, "byte")} long, not ${npyByteLength(shape)}; ${REMEDY}`);
  return dataOffset;
}
