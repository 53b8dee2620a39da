import { joined } from "../audio/joined.js";
import { DataError } from "../core/errors.js";
import { type FrameReader, memoryReader, readPadded } from "../dataset/frame-reader.js";
import type { ClipFeatures } from "../features/clip-features.js";
import { raiseTo } from "../features/compress.js";
import { type FrontEnd, silenceValue } from "../features/front-end.js";
import type { Session } from "../runtime/engine.js";
import { type ClipAnswer, clipAnswers, type FrameSource, type SegmentAnswer } from "./aggregate.js";
import { type KnownClip, streamReader } from "./stream-reader.js";

/** What decides how a clip is cut into segments. */
export interface StreamSettings {
  readonly frontEnd: FrontEnd;
  readonly segmentFrames: number;
  /** See `clipAnswers`. */
  readonly maxSegments?: number | undefined;
  /** See `SegmentAnswers`. @default null */
  readonly hopFrames?: number | null;
  /** Features are held in memory up to this many numbers. @default 8 million, 32 MB */
  readonly heldValues?: number;
}

/** The answers for a clip. */
export interface ClipAnswers extends ClipAnswer {
  /** Of its segments, in order. */
  readonly segments: readonly SegmentAnswer[];
}

/**
 * Computes the answer for a clip, the same as `clipAnswers` of its whole features, while it is decoded.
 * @param open opens the clip; called once or twice
 * @returns the answers, and the features, read to their end
 * @throws DataError if the clip cannot be decoded
 */
export async function streamProbabilities(
  session: Session,
  open: () => Promise<ClipFeatures>,
  settings: StreamSettings,
): Promise<ClipAnswers & { features: ClipFeatures }> {
  const { segmentFrames, maxSegments, hopFrames = null } = settings;
  const { answer, features } = await streamClip(open, settings, async (source): Promise<ClipAnswers> => {
    const segments: SegmentAnswer[] = [];
    const [answer] = await clipAnswers(session, source, {
      segmentFrames,
      maxSegments,
      segments: { hopFrames, onSegment: (_clip, answer) => segments.push(answer) },
    });
    return { ...answer, segments };
  });
  return { ...answer, features };
}

/** What is computed from the frames of a clip, read in order. */
type Answering<T> = (source: FrameSource) => Promise<T>;

/**
 * Computes something from a clip's features while it is decoded. The
 * clip's length decides where its segments begin, and with `topDb` its greatest value the values of all frames: a clip whose
 * features are too many to hold is read a second time, unless it declares its true length and there is no `topDb`.
 * @param open opens the clip; called once or twice
 * @param answering called with the clip as a source of its own, maybe twice
 * @returns the answer, and the features, read to their end
 * @throws DataError if the clip cannot be decoded
 */
export async function streamClip<T>(
  open: () => Promise<ClipFeatures>,
  settings: Pick<StreamSettings, "frontEnd" | "heldValues">,
  answering: Answering<T>,
): Promise<{ answer: T; features: ClipFeatures }> {
  const features = await open();
  const inOnePass = await readOnce(features, settings, answering);
  if (inOnePass !== null) return { answer: inOnePass.answer, features };
  const again = await open();
  const answer = await readAsItComes(again, features, settings, answering);
  if (again.nFrames !== features.nFrames) throw new DataError(again.path, "changed while it was read");
  return { answer, features };
}

/** Returns null if the clip has to be read again; its length and least value are then known. */
async function readOnce<T>(
  features: ClipFeatures,
  settings: Pick<StreamSettings, "frontEnd" | "heldValues">,
  answering: Answering<T>,
): Promise<{ answer: T } | null> {
  const { frontEnd, heldValues = 8e6 } = settings;
  const { nMels } = frontEnd;
  const nFrames = features.declaredFrames ?? 0;
  if (nFrames * nMels > heldValues && !features.isLimited) {
    const known = { nFrames, least: Number.NEGATIVE_INFINITY };
    const answer = await readAsItComes(features, known, settings, answering);
    return features.nFrames === nFrames ? { answer } : null;
  }
  let held: Float32Array[] = [];
  let nHeld = 0;
  for await (const rows of features.rows()) {
    nHeld += rows.length;
    if (nHeld > heldValues) held = [];
    else held.push(rows);
  }
  if (nHeld > heldValues) return null;
  const data = joined(held);
  raiseTo(features.least, data);
  const clip = {
    features: { data, shape: [features.nFrames, nMels] },
    descriptors: new Float32Array(),
  };
  const reader = memoryReader(() => clip);
  return { answer: await answering(sourceOf(reader, features.nFrames, frontEnd)) };
}

/** Reads a clip to its end, and returns its answer if it is as long as `known` says. */
async function readAsItComes<T>(
  features: ClipFeatures,
  known: KnownClip,
  { frontEnd }: Pick<StreamSettings, "frontEnd">,
  answering: Answering<T>,
): Promise<T> {
  const rows = features.rows();
  try {
    const reader = streamReader(rows, frontEnd.nMels, known);
    const answer = await answering(sourceOf(reader, known.nFrames, frontEnd));
    for await (const _ of rows); // what is beyond the declared length counts
    return answer;
  } finally {
    await rows.return(undefined);
  }
}

/** A source of one clip. */
function sourceOf(reader: FrameReader<unknown>, nFrames: number, frontEnd: FrontEnd): FrameSource {
  const { nMels } = frontEnd;
  const silence = silenceValue(frontEnd);
  return {
    clips: [{ nFrames }],
    nMels,
    readFrames: (clip, first, count, out, offset) =>
      readPadded(reader, { clip, first, count }, out, { offset, nMels, silence }),
  };
}
