import { DataError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import type { Clip } from "./clip.js";

/** Reads the features of clips: from a store on disk, from memory, or from any other source. */
export interface FrameReader<Key = Clip> {
  /** Length of a clip [frames]. */
  nFrames(clip: Key): number;
  /**
   * Copies frames of a clip to `out`, which must not be touched before the promise resolves.
   * @param first first frame, at least 0; `first + count` is at most `nFrames(clip)`
   * @param out time-major, [count, nMels] from `offset` on
   */
  read(clip: Key, first: number, count: number, out: Float32Array, offset: number): Promise<void>;
  /** The clip's summary vector, entries as in `DESCRIPTOR_NAMES`. */
  descriptors(clip: Key): Promise<Float32Array>;
  /** Path of the file that holds the clip's features or descriptors; absent if they are in no file. */
  pathOf?(clip: Key, kind: "features" | "descriptors"): string;
}

/** A segment of a clip. */
export interface Segment<Key = Clip> {
  readonly clip: Key;
  /** First frame, at least 0. */
  readonly first: number;
  /** Length [frames]; it may reach past the end of the clip. */
  readonly count: number;
}

/**
 * Copies a segment to `out`; frames past the end of the clip are silence.
 * @param out time-major, [count, nMels] from `offset` on
 * @param frame.nMels values per frame
 * @param frame.silence value of silence in every band
 */
export async function readPadded<Key>(
  reader: FrameReader<Key>,
  { clip, first, count }: Segment<Key>,
  out: Float32Array,
  { offset, nMels, silence }: { offset: number; nMels: number; silence: number },
): Promise<void> {
  const nRead = Math.max(0, Math.min(count, reader.nFrames(clip) - first));
  out.fill(silence, offset + nRead * nMels, offset + count * nMels);
  if (nRead > 0) await reader.read(clip, first, nRead, out, offset);
}

/** The error for a clip whose features or descriptors are not all finite, with the remedy if they are in a file. */
export function notFinite(reader: FrameReader, clip: Clip, kind: "features" | "descriptors"): DataError {
  const path = reader.pathOf?.(clip, kind);
  const remedy = path === undefined ? "" : `; delete ${path} and extract the source again`;
  return new DataError(clip.name, `holds ${kind} that are not finite numbers${remedy}`);
}

/** Features of one clip in memory. */
export interface ClipFeatures {
  /** [nFrames, nMels] */
  readonly features: Tensor;
  /** Entries as in `DESCRIPTOR_NAMES`; empty if they are never read. */
  readonly descriptors: Float32Array;
}

/** Makes a reader of features in memory. */
export function memoryReader<Key>(of: (clip: Key) => ClipFeatures): FrameReader<Key> {
  return {
    nFrames: (clip) => of(clip).features.shape[0],
    async read(clip, first, count, out, offset) {
      const { data, shape } = of(clip).features;
      out.set(data.subarray(first * shape[1], (first + count) * shape[1]), offset);
    },
    descriptors: async (clip) => of(clip).descriptors,
  };
}
