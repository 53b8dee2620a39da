import type { FrameReader } from "../dataset/frame-reader.js";
import { raiseTo } from "../features/compress.js";

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
  const held: Float32Array[] = []; // in order
  let firstHeld = 0; // frame that they begin with
  let endHeld = 0;
  let hasEnded = false;
  let last: Promise<void> = Promise.resolve();
  const readNext = async (first: number, count: number, out: Float32Array, offset: number): Promise<void> => {
    while (!hasEnded && endHeld < first + count) {
      const { done, value } = await rows.next();
      hasEnded = done === true;
      if (hasEnded) break;
      held.push(value);
      endHeld += value.length / nMels;
    }
    while (held.length > 0 && firstHeld + held[0].length / nMels <= first)
      firstHeld += held.shift()!.length / nMels;
    const wanted = out.subarray(offset, offset + count * nMels).fill(0);
    let at = (firstHeld - first) * nMels;
    for (const piece of held) {
      if (at >= wanted.length) break;
      wanted.set(piece.subarray(Math.max(0, -at), wanted.length - at), Math.max(0, at));
      at += piece.length;
    }
    raiseTo(least, wanted);
  };
  return {
    nFrames: () => nFrames,
    // A batch asks for all its segments at once.
    read: (_clip, first, count, out, offset) => (last = last.then(() => readNext(first, count, out, offset))),
    descriptors: async () => new Float32Array(),
  };
}
