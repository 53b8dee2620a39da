import { joined } from "../audio/joined.js";
import { DataError } from "../core/errors.js";
import { type FrameReader, memoryReader, readPadded } from "../dataset/frame-reader.js";
import { raiseTo } from "../features/compress.js";
import type { FeatureStream } from "../features/feature-stream.js";
import { type FrontEnd, silenceValue } from "../features/front-end.js";
import type { Session } from "../runtime/engine.js";
import { type ClipAnswer, clipAnswers, type SegmentAnswer } from "./aggregate.js";
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
 * Computes the answer for a clip, the same as `clipAnswers` of its whole features, while it is decoded. The
 * clip's length decides where its segments begin, and with `topDb` its greatest value the values of all frames: a clip whose
 * features are too many to hold is read a second time, unless it declares its true length and there is no `topDb`.
 * @param open opens the clip; called once or twice
 * @returns the answers, and the features, read to their end
 * @throws DataError if the clip cannot be decoded
 */
export async function streamProbabilities(
  session: Session,
  open: () => Promise<FeatureStream>,
  settings: StreamSettings,
): Promise<ClipAnswers & { features: FeatureStream }> {
  const features = await open();
  const inOnePass = await readOnce(session, features, settings);
  if (inOnePass !== null) return { ...inOnePass, features };
  const again = await open();
  const answers = await readAsItComes(session, again, features, settings);
  if (again.nFrames !== features.nFrames) throw new DataError(again.path, "changed while it was read");
  return { ...answers, features };
}

/** Returns null if the clip has to be read again; its length and least value are then known. */
async function readOnce(
  session: Session,
  features: FeatureStream,
  settings: StreamSettings,
): Promise<ClipAnswers | null> {
  const { frontEnd, heldValues = 8e6 } = settings;
  const { nMels } = frontEnd;
  const nFrames = features.declaredFrames ?? 0;
  if (nFrames * nMels > heldValues && !features.isLimited) {
    const known = { nFrames, least: Number.NEGATIVE_INFINITY };
    const answers = await readAsItComes(session, features, known, settings);
    return features.nFrames === nFrames ? answers : null;
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
  return answersOf(session, reader, features.nFrames, settings);
}

/** Reads a clip to its end, and returns its answers if it is as long as `known` says. */
async function readAsItComes(
  session: Session,
  features: FeatureStream,
  known: KnownClip,
  settings: StreamSettings,
): Promise<ClipAnswers> {
  const rows = features.rows();
  try {
    const reader = streamReader(rows, settings.frontEnd.nMels, known);
    const answers = await answersOf(session, reader, known.nFrames, settings);
    for await (const _ of rows); // what is beyond the declared length counts
    return answers;
  } finally {
    await rows.return(undefined);
  }
}

async function answersOf(
  session: Session,
  reader: FrameReader<unknown>,
  nFrames: number,
  { frontEnd, segmentFrames, maxSegments, hopFrames = null }: StreamSettings,
): Promise<ClipAnswers> {
  const { nMels } = frontEnd;
  const silence = silenceValue(frontEnd);
  const source = {
    clips: [{ nFrames }],
    nMels,
    readFrames: (clip: number, first: number, count: number, out: Float32Array, offset: number) =>
      readPadded(reader, { clip, first, count }, out, { offset, nMels, silence }),
  };
  const segments: SegmentAnswer[] = [];
  const [answer] = await clipAnswers(session, source, {
    segmentFrames,
    maxSegments,
    segments: { hopFrames, onSegment: (_clip, answer) => segments.push(answer) },
  });
  return { ...answer, segments };
}
