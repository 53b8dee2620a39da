import { DataError } from "../core/errors.js";
import { isFiniteData } from "../core/tensor.js";
import type { Clip } from "../dataset/clip.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { notFinite, readPadded } from "../dataset/frame-reader.js";
import { segmentStarts } from "../dataset/segments.js";
import { silenceValue } from "../features/front-end.js";
import { type Engine, type Session, withSession } from "../runtime/engine.js";
import { type FrameSource, runSegments, type SegmentRuns } from "./aggregate.js";
import { embeddingGraph, segmentsPerRun, type TrainedModel } from "./model-file.js";
import { WeightedMean } from "./weighted-mean.js";

/** The embedding of one segment of a clip. */
export interface SegmentEmbedding {
  /** Its first frame. */
  readonly first: number;
  /** The input of the net's last layer. */
  readonly embedding: Float32Array;
}

/** The embedding of a clip. */
export interface ClipEmbedding {
  /** The mean over its segments, in which each counts by its weight. */
  readonly embedding: Float32Array;
  readonly nSegments: number;
}

/** Where embeddings go, in order. */
export interface EmbeddingVisitor {
  /** Called for every segment of a clip before `onClip`. */
  onSegment?(clip: number, segment: SegmentEmbedding): void;
  onClip(clip: number, embedding: ClipEmbedding): void;
}

/**
 * Computes the embedding of each clip from those of its segments. No more is held than a clip's sum.
 * @param session a net from `inputs` [batch, segmentFrames, nMels] to `embedding` [batch, size], and maybe `weight` [batch];
 *   without the latter, all segments weigh the same
 */
export async function clipEmbeddings(
  session: Session,
  source: FrameSource,
  options: SegmentRuns,
  { onSegment, onClip }: EmbeddingVisitor,
): Promise<void> {
  let mean = new WeightedMean(0);
  await runSegments(session, source, options, {
    plan(nFrames) {
      const starts = segmentStarts(nFrames, options.segmentFrames);
      return starts.map((first, index) => ({ first, index, nSegments: starts.length }));
    },
    visit(clip, { first, index, nSegments }, { embedding, weight }, row) {
      const size = embedding.shape[1];
      const values = embedding.data.slice(row * size, (row + 1) * size);
      if (index === 0) mean = new WeightedMean(size);
      mean.add(values, weight?.data[row] ?? 1);
      onSegment?.(clip, { first, embedding: values });
      if (index === nSegments - 1) onClip(clip, { embedding: Float32Array.from(mean.value), nSegments });
    },
  });
}

/**
 * Checks the embedding that a model gave to a clip.
 * @param model the model's name in errors
 * @throws DataError if some of it are not finite
 */
export function checkEmbedding(embedding: Float32Array, model: string): void {
  if (!isFiniteData(embedding))
    throw new DataError(model, "gave an embedding that is not finite numbers; train it again");
}

/**
 * Computes the embeddings of clips of data, in order.
 * @param options.onClip called with each, and its place among the clips
 * @throws DataError naming a clip whose features or embedding are not finite numbers; the signal's reason if it is aborted
 */
export async function embedClips(
  model: TrainedModel,
  { frontEnd, reader }: Pick<FeatureData, "frontEnd" | "reader">,
  clips: readonly Clip[],
  options: {
    readonly engine: Engine;
    readonly signal?: AbortSignal | undefined;
    onClip(place: number, embedding: ClipEmbedding): void;
  },
): Promise<void> {
  const { engine, signal, onClip } = options;
  const { nMels } = frontEnd;
  const silence = silenceValue(frontEnd);
  const source: FrameSource = {
    clips,
    nMels,
    async readFrames(place, first, count, out, offset) {
      const clip = clips[place];
      await readPadded(reader, { clip, first, count }, out, { offset, nMels, silence });
      if (!isFiniteData(out, offset, offset + count * nMels)) throw notFinite(reader, clip, "features");
    },
  };
  const runs = {
    segmentFrames: model.info.segmentFrames,
    maxSegments: segmentsPerRun(model),
    onProgress: () => signal?.throwIfAborted(),
  };
  await withSession(engine, embeddingGraph(model), (session) =>
    clipEmbeddings(session, source, runs, {
      onClip(place, clip) {
        if (!isFiniteData(clip.embedding))
          throw new DataError(
            clips[place].name,
            "gives an embedding that is not finite numbers; extract it again, or use another model",
          );
        onClip(place, clip);
      },
    }),
  );
}
