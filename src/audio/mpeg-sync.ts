import type { ByteSource } from "./byte-source.js";
import { ByteWindow } from "./byte-window.js";
import { HEADER_BYTES, MAX_FRAME_BYTES, type MpegFrame, parseMpegFrame } from "./mpeg-frame.js";
import { leadingTagsEnd, trailingTagsStart } from "./tags.js";

/** A frame that the frames behind it confirm. */
export interface MpegSync {
  /** [bytes] from the beginning of the file */
  readonly position: number;
  readonly frame: MpegFrame;
}

/** The part of a file that holds MPEG audio. */
export interface MpegAudio {
  readonly first: MpegSync;
  /** Where the audio ends and the tags behind it begin [bytes]. */
  readonly end: number;
}

/** How much of something else, apart from tags and zeros, may precede the first frame [bytes]. */
const MAX_JUNK_BYTES = 2 ** 20;
/** An ID3v2 tag's own header, which is there even if the length in it is wrong. */
const TAG_HEADER_BYTES = 10;
/** Frames in a row that show MPEG audio: 2 happen in 1 of 2000 random files of 1 MB. */
const FIRST_FRAMES = 3;
/** Frames in a row that show that a stream which is known already goes on. */
const NEXT_FRAMES = 2;

/**
 * Finds the audio in a file of MPEG audio; null if it holds none. Skips ID3v2 and APE tags, whose lengths are often
 * wrong, any number of zeros, and up to 1 MiB of anything else, and searches the first frame that two more follow; a
 * file of fewer frames has to begin with one and end with one.
 */
export async function findMpegAudio(source: ByteSource): Promise<MpegAudio | null> {
  const end = await trailingTagsStart(source);
  const tagsEnd = Math.min(await leadingTagsEnd(source), end);
  const window = new ByteWindow(source, end);
  const atOnce = await syncAt(window, tagsEnd);
  if (atOnce !== null) return { first: atOnce, end };
  // No frame where the tags say that they end: their lengths are wrong, or junk follows. The search begins in the first
  // tag, as its length may be too large.
  const from = tagsEnd === 0 ? 0 : TAG_HEADER_BYTES;
  const junkStart = await skipZeros(window, tagsEnd);
  const first = await findSync(window, from, { to: junkStart + MAX_JUNK_BYTES });
  return first === null ? null : { first, end };
}

/** Position of the first byte from `from` on that is not zero. */
async function skipZeros(window: ByteWindow, from: number): Promise<number> {
  for (let position = from; position < window.end; ) {
    const bytes = await window.from(position, 1);
    const zeros = bytes.findIndex((byte) => byte !== 0);
    if (zeros >= 0) return position + zeros;
    position += bytes.length;
  }
  return window.end;
}

/** The frame at exactly this position, if others confirm it, or if it is one of few that fill the rest of the file. */
async function syncAt(window: ByteWindow, position: number): Promise<MpegSync | null> {
  const bytes = await window.from(position, FIRST_FRAMES * MAX_FRAME_BYTES);
  const frame = parseMpegFrame(bytes, 0);
  if (frame === null || isPattern(bytes, 0, frame)) return null;
  const run = countFrames(bytes, 0, frame, FIRST_FRAMES);
  const isWhole = run.endsAt === bytes.length && position + bytes.length === window.end;
  return run.nFrames >= FIRST_FRAMES || isWhole ? { position, frame } : null;
}

/**
 * Searches the first position from `from` on where frames of one kind follow each other: 3, or 2 of the kind that is
 * expected. Frames that end with the file count as confirmed by it if there are at least 2.
 */
export async function findSync(
  window: ByteWindow,
  from: number,
  { to = window.end, kind = null }: { to?: number; kind?: number | null },
): Promise<MpegSync | null> {
  const lookAhead = FIRST_FRAMES * MAX_FRAME_BYTES;
  let position = from;
  while (position < Math.min(to, window.end)) {
    const bytes = await window.from(position, lookAhead);
    const isLast = position + bytes.length >= window.end;
    const searched = isLast ? bytes.length : bytes.length - lookAhead + 1;
    for (let at = bytes.indexOf(0xff); at >= 0 && at < searched; at = bytes.indexOf(0xff, at + 1)) {
      const frame = parseMpegFrame(bytes, at);
      if (frame === null || (frame.kind !== kind && isPattern(bytes, at, frame))) continue;
      const needed = frame.kind === kind ? NEXT_FRAMES : FIRST_FRAMES;
      const { nFrames, endsAt } = countFrames(bytes, at, frame, needed);
      const endsWithFile = nFrames >= NEXT_FRAMES && isLast && endsAt >= bytes.length;
      if (nFrames >= needed || endsWithFile)
        return position + at < to ? { position: position + at, frame } : null;
    }
    position += searched;
  }
  return null;
}

/** Counts frame headers of the same kind, each where the frame before ends, up to `enough`. */
function countFrames(
  bytes: Uint8Array,
  at: number,
  first: MpegFrame,
  enough: number,
): { nFrames: number; endsAt: number } {
  let nFrames = 1;
  let endsAt = at + first.nBytes;
  while (nFrames < enough) {
    const next = parseMpegFrame(bytes, endsAt);
    if (next?.kind !== first.kind) break;
    nFrames++;
    endsAt += next.nBytes;
  }
  return { nFrames, endsAt };
}

/** Whether the header recurs inside the frame, as in pictures and tables, where a pattern repeats, but not in audio. */
function isPattern(bytes: Uint8Array, at: number, frame: MpegFrame): boolean {
  const header = bytes.subarray(at, at + HEADER_BYTES);
  for (let next = at + 1; next + HEADER_BYTES <= at + frame.nBytes; next++)
    if (header.every((byte, i) => bytes[next + i] === byte)) return true;
  return false;
}
