import type { ByteSource } from "./byte-source.js";
import { ByteWindow } from "./byte-window.js";
import { MAX_FRAME_BYTES, type MpegFrame, parseMpegFrame } from "./mpeg-frame.js";
import { type MpegInfo, parseMpegInfo } from "./mpeg-info.js";
import { isDecodable } from "./mpeg-side-info.js";
import { findSync, type MpegAudio } from "./mpeg-sync.js";
import { tagLength } from "./tags.js";

/** Something that a file of MPEG audio holds, in the order of the file. */
export type MpegPart =
  /** Frames without anything between them. */
  | {
      readonly kind: "frames";
      readonly bytes: Uint8Array;
      readonly nFrames: number;
      /** Whether a decoder makes noise or nothing of them; it needs them nevertheless, for those that follow. */
      readonly isDamaged: boolean;
    }
  /** The header of an encoder, at the beginning or where files were joined. */
  | { readonly kind: "info"; readonly info: MpegInfo }
  /** Bytes that are neither frames nor a tag, between frames or, as `isEnd`, a frame that the end of the file cuts. */
  | { readonly kind: "gap"; readonly nBytes: number; readonly isEnd: boolean }
  /** A frame of another kind, e.g. of another sample rate. */
  | { readonly kind: "other"; readonly frame: MpegFrame };

/**
 * Walks over the frames of a file.
 * @param maxSamples bound on the length of one part [samples per channel]
 */
export async function* mpegParts(
  source: ByteSource,
  { first, end }: MpegAudio,
  maxSamples: number,
): AsyncGenerator<MpegPart> {
  const { kind, nSamples } = first.frame;
  const maxFrames = Math.max(1, Math.floor(maxSamples / nSamples));
  const window = new ByteWindow(source, end);
  let position = first.position;
  // Audio data that later frames can build on [bytes]. At the beginning the decoder itself knows what is missing.
  let reservoir = Number.POSITIVE_INFINITY;
  while (position < end) {
    const bytes = await window.from(position, 2 * MAX_FRAME_BYTES);
    const head = parseMpegFrame(bytes, 0);
    const info = head?.kind === kind ? parseMpegInfo(bytes, 0, head) : null;
    if (head !== null && info !== null) {
      yield { kind: "info", info };
      position += head.nBytes;
      continue;
    }
    const run = takeFrames(bytes, { kind, maxFrames, reservoir, isLast: position + bytes.length >= end });
    if (run !== null) {
      yield { kind: "frames", ...run.part };
      reservoir = run.reservoir;
      position += run.part.bytes.length;
      continue;
    }

    // The frame here, if it is one, has no other behind it. Junk may begin inside it, unless a tag, the end or
    // a stream of another kind follows.
    const from = head?.kind === kind ? position + 1 : position;
    const sync = await findSync(window, from, { kind });
    const next = sync?.position ?? end;
    const isWhole = head?.kind === kind && position + head.nBytes <= next;
    const behind = isWhole ? position + head.nBytes : position;
    const isTag = tagLength(await window.from(behind, MAX_FRAME_BYTES)) > 0;
    if (isWhole && (isTag || sync === null || next === behind)) {
      yield {
        kind: "frames",
        bytes: bytes.subarray(0, head.nBytes),
        nFrames: 1,
        isDamaged: !isDecodable(bytes, 0, head, reservoir),
      };
      position = behind;
    }
    const isCut = !isWhole && head?.kind === kind && sync === null;
    if (next > position && !isTag && (sync !== null || isCut))
      yield { kind: "gap", nBytes: next - position, isEnd: sync === null };
    if (!isTag) reservoir = 0;
    position = next;
    if (sync === null) return;
    for (let frame: MpegFrame | null = sync.frame; frame !== null && frame.kind !== kind; ) {
      yield { kind: "other", frame };
      position += frame.nBytes;
      const following = parseMpegFrame(await window.from(position, MAX_FRAME_BYTES), 0);
      frame = following?.kind === sync.frame.kind ? following : null;
    }
  }
}

/**
 * Takes the frames at the beginning of `bytes` that the next one, or the end of the file, confirms; null if there are
 * none. All or none of them are damaged.
 */
function takeFrames(
  bytes: Uint8Array,
  {
    kind,
    maxFrames,
    reservoir,
    isLast,
  }: { kind: number; maxFrames: number; reservoir: number; isLast: boolean },
) {
  let [at, nFrames, isDamaged] = [0, 0, false];
  let frame = parseMpegFrame(bytes, 0);
  while (frame?.kind === kind && nFrames < maxFrames) {
    const end = at + frame.nBytes;
    const next = parseMpegFrame(bytes, end);
    if (next?.kind !== kind && !(isLast && end === bytes.length)) break;
    if (nFrames > 0 && parseMpegInfo(bytes, at, frame) !== null) break;
    const damaged = !isDecodable(bytes, at, frame, reservoir);
    if (nFrames > 0 && damaged !== isDamaged) break;
    isDamaged = damaged;
    reservoir += frame.nBytes - frame.mainDataStart;
    nFrames++;
    at = end;
    frame = next;
  }
  if (nFrames === 0) return null;
  return { part: { bytes: bytes.subarray(0, at), nFrames, isDamaged }, reservoir };
}
