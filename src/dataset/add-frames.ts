import { DataError } from "../core/errors.js";
import type { FeatureSet } from "./feature-set.js";

/** What takes frames in chunk by chunk and keeps their statistics. */
export interface FrameSink {
  /** @param frames time-major [nFrames, nMels]; more may follow in the buffer and is not read */
  add(frames: Float32Array, nFrames: number): void;
  /** Whether all frames so far were finite numbers. */
  isFinite(): boolean;
}

/** Frames read at a time. */
const CHUNK_FRAMES = 1024;

/**
 * Adds every frame of the set to `sink`, read once.
 * @param options `signal` stops it
 * @throws DataError naming a file whose features are not finite
 */
export function addFrames(
  sink: FrameSink,
  set: FeatureSet,
  options: { signal?: AbortSignal | undefined } = {},
): void {
  const chunk = new Float32Array(CHUNK_FRAMES * set.nMels);
  for (const [clip, { nFrames, features }] of set.clips.entries()) {
    options.signal?.throwIfAborted();
    for (let first = 0; first < nFrames; first += CHUNK_FRAMES) {
      const nRead = Math.min(CHUNK_FRAMES, nFrames - first);
      set.readFrames(clip, first, nRead, chunk, 0);
      sink.add(chunk, nRead);
    }
    if (!sink.isFinite()) throw new DataError(features, "holds features that are not finite numbers");
  }
}
