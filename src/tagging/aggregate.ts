import type { Tensor } from "../core/tensor.js";
import { hopStarts, segmentStarts } from "../dataset/segments.js";
import type { Session } from "../runtime/engine.js";
import { ClipNovelty } from "./novelty.js";
import { WeightedMean } from "./weighted-mean.js";

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
  /** See `NoveltyScore`; null if the model has none. */
  readonly novelty: number | null;
  /** How much it counts in the answer for the clip, relative to other segments; 1 in a model in which all count the same. */
  readonly weight: number;
}

/** The answer for a clip. */
export interface ClipAnswer {
  /** One per label: the weighted mean over its segments. If every weight is 0, all count the same. */
  readonly probabilities: Float32Array;
  /** See `ClipNovelty`; null if the model has none. */
  readonly novelty: number | null;
}

/** Which segments of clips are answered on their own. */
export interface SegmentAnswers {
  /** Distance of their beginnings [frames]; null for the segments that the clip's answer is the mean of. */
  readonly hopFrames: number | null;
  /** Called for each of them, in order. */
  onSegment(clip: number, answer: SegmentAnswer): void;
}

/** Number of segments in one run of the net: enough to keep the cores busy, few enough to need little memory. */
const BATCH = 16;

/** How the segments of clips are run through a net. */
export interface SegmentRuns {
  readonly segmentFrames: number;
  /** Largest number of segments in one run of the net. @default 16, and at most that */
  readonly maxSegments?: number | undefined;
  /** Called after every batch with the number of clips started. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/**
 * Runs segments of clips through a net, in order. Clips of any length share batches; since an example's output does not
 * depend on its batch, neither does a segment's.
 *
 * @param session a net from `inputs` [batch, segmentFrames, nMels]
 * @param run.plan the segments of a clip of this many frames, in order
 * @param run.visit called with each segment, the outputs of its batch, and its row in them
 */
export async function runSegments<Planned extends { readonly first: number }>(
  session: Session,
  source: FrameSource,
  { segmentFrames, maxSegments = BATCH, onProgress }: SegmentRuns,
  run: {
    readonly plan: (nFrames: number) => readonly Planned[];
    visit(clip: number, segment: Planned, outputs: Readonly<Record<string, Tensor>>, row: number): void;
  },
): Promise<void> {
  const batch = Math.min(BATCH, maxSegments);
  const { clips, nMels } = source;
  const size = segmentFrames * nMels;
  const inputs = new Float32Array(batch * size);
  let pending: { clip: number; segment: Planned }[] = [];
  const flush = async (): Promise<void> => {
    if (pending.length === 0) return;
    await Promise.all(
      pending.map(({ clip, segment }, i) =>
        source.readFrames(clip, segment.first, segmentFrames, inputs, i * size),
      ),
    );
    const data = inputs.subarray(0, pending.length * size);
    const outputs = await session.run({ inputs: { data, shape: [pending.length, segmentFrames, nMels] } });
    pending.forEach(({ clip, segment }, row) => {
      run.visit(clip, segment, outputs, row);
    });
    onProgress?.(pending[pending.length - 1].clip + 1);
    pending = [];
  };
  for (const [clip, { nFrames }] of clips.entries())
    for (const segment of run.plan(nFrames)) {
      pending.push({ clip, segment });
      if (pending.length === batch) await flush();
    }
  await flush();
}

/**
 * Computes the answer for each clip: the mean of the answers for its segments, in which each counts by its weight.
 *
 * @param session a net from `inputs` [batch, segmentFrames, nMels] to `probabilities` [batch, nLabels], and maybe `novelty`
 *   [batch] and `weight` [batch]; without the latter, all segments weigh the same
 * @param options.segments also answers segments on their own
 */
export async function clipAnswers(
  session: Session,
  source: FrameSource,
  options: SegmentRuns & { segments?: SegmentAnswers },
): Promise<ClipAnswer[]> {
  const { segmentFrames, segments } = options;
  const answers: ClipAnswer[] = [];
  const started = new Map<number, StartedClip>();
  await runSegments(session, source, options, {
    plan: (nFrames) => plannedSegments(nFrames, segmentFrames, segments?.hopFrames ?? null),
    visit(clip, { first, nInMean, isAnswered }, outputs, i) {
      const nLabels = outputs.probabilities.shape[1];
      const answer: SegmentAnswer = {
        first,
        probabilities: outputs.probabilities.data.slice(i * nLabels, (i + 1) * nLabels),
        novelty: outputs.novelty?.data[i] ?? null,
        weight: outputs.weight?.data[i] ?? 1,
      };
      if (isAnswered) segments?.onSegment(clip, answer);
      if (nInMean === 0) return;
      const sums = started.get(clip) ?? {
        probabilities: new WeightedMean(nLabels),
        novelty: new ClipNovelty(),
        count: 0,
      };
      sums.probabilities.add(answer.probabilities, answer.weight);
      if (answer.novelty !== null) sums.novelty.add(answer.novelty, answer.weight);
      sums.count++;
      if (sums.count < nInMean) {
        started.set(clip, sums);
        return;
      }
      started.delete(clip);
      answers[clip] = {
        probabilities: Float32Array.from(sums.probabilities.value),
        novelty: answer.novelty === null ? null : sums.novelty.value,
      };
    },
  });
  return answers;
}

/** A clip of which some segments are answered. */
interface StartedClip {
  readonly probabilities: WeightedMean;
  readonly novelty: ClipNovelty;
  count: number;
}

/** A segment that the net has to read. */
interface PlannedSegment {
  readonly first: number;
  /** Number of segments that the clip's answer is the mean of; 0 if this is none of them. */
  readonly nInMean: number;
  /** Whether it is one that is answered on its own. */
  readonly isAnswered: boolean;
}

/** The segments of a clip in order: those that its answer is the mean of, and those at a hop. */
function plannedSegments(nFrames: number, segmentFrames: number, hopFrames: number | null): PlannedSegment[] {
  const inMean = segmentStarts(nFrames, segmentFrames);
  const nInMean = inMean.length;
  if (hopFrames === null) return inMean.map((first) => ({ first, nInMean, isAnswered: true }));
  const answered = hopStarts(nFrames, segmentFrames, hopFrames);
  const [meant, asked] = [new Set(inMean), new Set(answered)];
  return [...new Set([...inMean, ...answered])]
    .sort((a, b) => a - b)
    .map((first) => ({ first, nInMean: meant.has(first) ? nInMean : 0, isAnswered: asked.has(first) }));
}
