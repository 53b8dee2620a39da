import type { FrameReader } from "../dataset/frame-reader.js";

/** Length of a clip, and the least value in its features, before they are read. */
export interface KnownClip {
  readonly nFrames: number;
  /** Lower values are raised to it. */
  readonly least: number;
}

/**
 * Returns a reader of one clip's frames as they come, which holds a few segments. Each read begins at the frame where the
 * one before began, or later. If the clip ends before `nFrames`, the rest is zeros.
 * @param rows the clip's frames in order, shape [n, nMels] each
 * @param nMels values per frame
 */
export function streamReader(
  rows: AsyncIterator<Float32Array>,
  nMels: number,
  { nFrames, least }: KnownClip,
): FrameReader<unknown> {
  let held: Float32Array = new Float32Array();
  let hasEnded = false;
  let firstHeld = 0; // its first frame
  let last: Promise<void> = Promise.resolve();
  const readNext = async (first: number, count: number, out: Float32Array, offset: number): Promise<void> => {
    while (!hasEnded && firstHeld + held.length / nMels < first + count) {
      const { done, value } = await rows.next();
      hasEnded = done === true;
      if (hasEnded) break;
      const kept = held.subarray(Math.max(0, first - firstHeld) * nMels);
      const next = new Float32Array(kept.length + value.length);
      next.set(kept);
      next.set(value, kept.length);
      firstHeld += (held.length - kept.length) / nMels;
      held = next;
    }
    const from = (first - firstHeld) * nMels;
    for (let i = 0; i < count * nMels; i++) out[offset + i] = Math.max(least, held[from + i] ?? 0);
  };
  return {
    nFrames: () => nFrames,
    // A batch asks for all its segments at once.
    read: (_clip, first, count, out, offset) => (last = last.then(() => readNext(first, count, out, offset))),
    descriptors: async () => new Float32Array(),
  };
}
