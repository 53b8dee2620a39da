import { DataError } from "../core/errors.js";
import type { FeatureSet } from "../dataset/feature-set.js";
import type { Task } from "../nn/training-step.js";
import { type Engine, withSession } from "../runtime/engine.js";
import { clipAnswers } from "../tagging/aggregate.js";
import { checkNovelty } from "../tagging/novelty.js";
import { checkProbabilities } from "../tagging/probabilities.js";
import type { Answers } from "./answers.js";
import { type ScoredAnswers, scoreAnswers } from "./score-answers.js";

/** How answers to a set are scored. */
export interface Scoring {
  readonly task: Task;
  /** See `Answers`. */
  readonly thresholds?: Answers["thresholds"];
  /** Number of resamples for the intervals; 0 for none. `@default` 1000 */
  readonly resamples?: number | undefined;
}

/** The answers to every clip of a set, with their scores. */
export interface AnsweredSet extends ScoredAnswers {
  /** [nLabels] for each clip of the set. */
  readonly rows: readonly Float32Array[];
  /** For each clip of the set how unlike the training sounds it is; null if the model does not say. */
  readonly novelties: readonly (number | null)[];
}

/** Scores rows of probabilities against a set's labels. */
function scoreSet(
  set: FeatureSet,
  rows: readonly Float32Array[],
  { task, thresholds, resamples }: Scoring,
): AnsweredSet {
  const groups = set.clips.map(({ group }) => group);
  const targets = set.clips.map((_, clip) => set.targets(clip));
  const answers = { task, labels: set.labels, groups, targets, probabilities: rows, thresholds };
  const scored = scoreAnswers(answers, resamples === undefined ? {} : { resamples });
  return { ...scored, rows, novelties: rows.map(() => null) };
}

/**
 * Scores a net on a set, each clip by the mean over its segments.
 * @param model see `buildInferenceModel`
 * @param options.maxSegments see `SegmentRuns`
 * @param options.name the model's name in errors: its probabilities are checked. `@default` they are not; those of a model
 *   in training show in its loss
 */
export async function evaluateNet(
  model: Uint8Array,
  set: FeatureSet,
  options: Scoring & {
    engine: Engine;
    segmentFrames: number;
    maxSegments?: number;
    name?: string;
    onProgress?: ((done: number, total: number) => void) | undefined;
  },
): Promise<AnsweredSet> {
  const { engine, segmentFrames, maxSegments, name, onProgress } = options;
  const answers = await withSession(engine, model, (session) =>
    clipAnswers(session, set, {
      segmentFrames,
      maxSegments,
      onProgress: (done) => onProgress?.(done, set.clips.length),
    }),
  );
  const rows = answers.map(({ probabilities }) => probabilities);
  const novelties = answers.map(({ novelty }) => novelty);
  if (name !== undefined) {
    for (const row of rows) checkProbabilities(row, name);
    for (const novelty of novelties) checkNovelty(novelty, name);
  }
  return { ...scoreSet(set, rows, options), novelties };
}

/** Number of descriptors read at once: thousands of open files would exceed the system's limit. */
const READS = 64;

/**
 * Reads the descriptors of every clip of a set.
 * @throws DataError naming a clip without descriptors, or with more or fewer than the first has
 */
export async function readAllDescriptors(set: FeatureSet): Promise<Float32Array[]> {
  const clips = set.clips.map((_, clip) => clip);
  const vectors: Float32Array[] = [];
  for (let first = 0; first < clips.length; first += READS) {
    const read = clips.slice(first, first + READS).map((clip) => set.readDescriptors(clip));
    vectors.push(...(await Promise.all(read)));
  }
  const without = vectors.findIndex(({ length }) => length === 0);
  if (without >= 0)
    throw new DataError(set.clips[without].name, "has no descriptors, which the linear baseline reads");
  const other = vectors.findIndex(({ length }) => length !== vectors[0].length);
  if (other >= 0)
    throw new DataError(
      set.clips[other].name,
      `has ${vectors[other].length} descriptors, but ${set.clips[0].name} has ${vectors[0].length}`,
    );
  return vectors;
}

/**
 * Scores the linear baseline on a set's descriptors.
 * @param options.name see `evaluateNet`
 */
export async function evaluateLinear(
  model: Uint8Array,
  set: FeatureSet,
  options: Scoring & { engine: Engine; name?: string },
): Promise<AnsweredSet> {
  const { engine, name } = options;
  const vectors = await readAllDescriptors(set);
  const nFeatures = vectors[0].length;
  const data = new Float32Array(vectors.length * nFeatures);
  vectors.forEach((vector, clip) => {
    data.set(vector, clip * nFeatures);
  });
  const inputs = { data, shape: [vectors.length, nFeatures] };
  const { probabilities } = await withSession(engine, model, (session) => session.run({ inputs }));
  const nLabels = set.labels.length;
  const rows = vectors.map((_, clip) => probabilities.data.subarray(clip * nLabels, (clip + 1) * nLabels));
  if (name !== undefined) for (const row of rows) checkProbabilities(row, name);
  return scoreSet(set, rows, options);
}

/**
 * Scores the baseline that never listens: its answer to every clip is the fraction of training clips with each label.
 * @param training.trainCounts number of training clips with each label
 * @param training.nClips number of training clips
 * @param training.knownCounts number of training clips of which it is known whether they have each label; `@default` all
 */
export function evaluateMajority(
  set: FeatureSet,
  scoring: Scoring,
  training: {
    trainCounts: Readonly<Record<string, number>>;
    nClips: number;
    knownCounts?: Readonly<Record<string, number>> | undefined;
  },
): ScoredAnswers {
  const { trainCounts, nClips, knownCounts } = training;
  const counts = set.labels.map((label) => trainCounts[label] ?? 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) throw new DataError("model", "counts no training clip of any of its labels");
  // A model records copies of one clip as one clip, but counts the labels of each.
  const fraction = (count: number, i: number) =>
    scoring.task === "multi-label"
      ? Math.min(1, count / Math.max(1, knownCounts?.[set.labels[i]] ?? nClips))
      : count / total;
  const row = Float32Array.from(counts, fraction);
  const rows = set.clips.map(() => row);
  return scoreSet(set, rows, scoring);
}
