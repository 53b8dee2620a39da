import { hopStarts, segmentStarts } from "../dataset/segments.js";
import type { Session } from "../runtime/engine.js";

/** Clips whose frames can be read in pieces, with silence past their ends, such as a `FeatureSet`. */
export interface FrameSource {
  readonly clips: readonly { readonly nFrames: number }[];
  readonly nMels: number;
  /** See `FeatureSet.readFrames`. */
  readFrames(clip: number, first: number, count: number, out: Float32Array, offset: number): Promise<void>;
}

/** The answer for one segment of a clip. */
export interface SegmentAnswer {
  /** Its first frame. */
  readonly first: number;
  /** One per label. */
  readonly probabilities: Float32Array;
}

/** Which segments of clips are answered on their own. */
export interface SegmentAnswers {
  /** Distance of their beginnings [frames]; null for the segments that the clip's answer is the mean of. */
  readonly hopFrames: number | null;
  /** Called for each of them, in order. */
  onSegment(clip: number, answer: SegmentAnswer): void;
}

/** Number of segments in one run of the net: enough to keep the cores busy, few enough to need little memory. */
const BATCH = 32;
/** In a sum of more probabilities, the rounding of 32-bit floats would show: it reaches 3e-8 times their number. */
const MANY_SEGMENTS = 1000;

/**
 * Computes the probabilities of each clip: the mean over its segments. Clips of any length share batches; since an
 * example's output does not depend on its batch, neither does a clip's.
 *
 * @param session a net from `inputs` [batch, segmentFrames, nMels] to `probabilities` [batch, nLabels]
 * @param options.maxSegments largest number of segments in one run of the net, `@default` 32 and at most that
 * @param options.segments also answers segments on their own
 * @param options.onProgress called after every batch with the number of clips started
 * @returns one row [nLabels] per clip
 */
export async function clipProbabilities(
  session: Session,
  source: FrameSource,
  options: {
    segmentFrames: number;
    maxSegments?: number | undefined;
    segments?: SegmentAnswers;
    onProgress?: (done: number) => void;
  },
): Promise<Float32Array[]> {
  const { segmentFrames, maxSegments = BATCH, segments, onProgress } = options;
  const batch = Math.min(BATCH, maxSegments);
  const { clips, nMels } = source;
  const rows: (Float32Array | Float64Array)[] = [];
  const size = segmentFrames * nMels;
  const inputs = new Float32Array(batch * size);
  let pending: PlannedSegment[] = [];
  const flush = async (): Promise<void> => {
    if (pending.length === 0) return;
    await Promise.all(
      pending.map(({ clip, first }, i) => source.readFrames(clip, first, segmentFrames, inputs, i * size)),
    );
    const data = inputs.subarray(0, pending.length * size);
    const { probabilities } = await session.run({
      inputs: { data, shape: [pending.length, segmentFrames, nMels] },
    });
    const nLabels = probabilities.shape[1];
    pending.forEach(({ clip, first, nInMean, isAnswered }, i) => {
      const answer = probabilities.data.slice(i * nLabels, (i + 1) * nLabels);
      if (isAnswered) segments?.onSegment(clip, { first, probabilities: answer });
      if (nInMean === 0) return;
      const row = (rows[clip] ??= new (nInMean > MANY_SEGMENTS ? Float64Array : Float32Array)(nLabels));
      for (let label = 0; label < nLabels; label++) row[label] += (1 / nInMean) * answer[label];
    });
    onProgress?.(pending[pending.length - 1].clip + 1);
    pending = [];
  };
  for (const [clip, { nFrames }] of clips.entries()) {
    const hopFrames = segments?.hopFrames ?? null;
    for (const planned of plannedSegments(nFrames, segmentFrames, hopFrames)) {
      pending.push({ clip, ...planned });
      if (pending.length === batch) await flush();
    }
  }
  await flush();
  return rows.map((row) => (row instanceof Float32Array ? row : Float32Array.from(row)));
}

/** A segment that the net has to read. */
interface PlannedSegment {
  readonly clip: number;
  readonly first: number;
  /** Number of segments that the clip's answer is the mean of; 0 if this is none of them. */
  readonly nInMean: number;
  /** Whether it is one that is answered on its own. */
  readonly isAnswered: boolean;
}

/** The segments of a clip in order: those that its answer is the mean of, and those at a hop. */
function plannedSegments(
  nFrames: number,
  segmentFrames: number,
  hopFrames: number | null,
): Omit<PlannedSegment, "clip">[] {
  const inMean = segmentStarts(nFrames, segmentFrames);
  const nInMean = inMean.length;
  if (hopFrames === null) return inMean.map((first) => ({ first, nInMean, isAnswered: true }));
  const answered = hopStarts(nFrames, segmentFrames, hopFrames);
  const [meant, asked] = [new Set(inMean), new Set(answered)];
  return [...new Set([...inMean, ...answered])]
    .sort((a, b) => a - b)
    .map((first) => ({ first, nInMean: meant.has(first) ? nInMean : 0, isAnswered: asked.has(first) }));
}
