import { DataError } from "../core/errors.js";
import { Random } from "../core/random.js";
import type { FeatureSet } from "../dataset/feature-set.js";
import type { Task } from "../nn/training-step.js";
import { type Engine, withSession } from "../runtime/engine.js";
import { clipProbabilities } from "../tagging/aggregate.js";
import { checkProbabilities } from "../tagging/probabilities.js";
import { scoreMultiLabel, scoreSingleLabel } from "./metrics.js";
import type { Scores } from "./scores.js";

/** Seed of the bootstrap's resamples: a score that is reported twice has the same interval. */
const BOOTSTRAP_SEED = "bootstrap";

const targetsOf = (set: FeatureSet) => set.clips.map((_, clip) => set.targets(clip));

/** Scores rows of probabilities against a set's labels. */
export function scoreAnswers(
  task: Task,
  set: FeatureSet,
  probabilities: readonly Float32Array[],
  resamples?: number,
): Scores {
  const answers = { labels: set.labels, targets: targetsOf(set), probabilities };
  const random = new Random(BOOTSTRAP_SEED);
  return task === "single-label"
    ? { task, ...scoreSingleLabel(answers, random, resamples) }
    : { task, ...scoreMultiLabel(answers, random, resamples) };
}

/**
 * Scores a net on a set, each clip by the mean over its segments.
 * @param model see `buildInferenceModel`
 * @param options.maxSegments see `clipProbabilities`
 * @param options.name the model's name in errors: its probabilities are checked. `@default` they are not; those of a model
 *   in training show in its loss
 * @param options.resamples number of resamples for the score's interval; 1 if the interval is not used: 1000 take a
 *   second on a multi-label set. `@default` 1000
 */
export async function evaluateNet(
  model: Uint8Array,
  set: FeatureSet,
  options: {
    engine: Engine;
    task: Task;
    segmentFrames: number;
    maxSegments?: number;
    resamples?: number;
    name?: string;
    onProgress?: ((done: number, total: number) => void) | undefined;
  },
): Promise<Scores> {
  const { engine, task, segmentFrames, maxSegments, resamples, name, onProgress } = options;
  const rows = await withSession(engine, model, (session) =>
    clipProbabilities(session, set, {
      segmentFrames,
      maxSegments,
      onProgress: (done) => onProgress?.(done, set.clips.length),
    }),
  );
  if (name !== undefined) for (const row of rows) checkProbabilities(row, name);
  return scoreAnswers(task, set, rows, resamples);
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
 * @param options.resamples see `evaluateNet`
 */
export async function evaluateLinear(
  model: Uint8Array,
  set: FeatureSet,
  { engine, task, resamples, name }: { engine: Engine; task: Task; resamples?: number; name?: string },
): Promise<Scores> {
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
  return scoreAnswers(task, set, rows, resamples);
}

/** Scores the baseline that never listens: its answer to every clip is the fraction of each label in training. */
export function evaluateMajority(
  set: FeatureSet,
  task: Task,
  trainCounts: Readonly<Record<string, number>>,
): Scores {
  const counts = set.labels.map((label) => trainCounts[label] ?? 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) throw new DataError("model", "counts no training clip of any of its labels");
  const row = Float32Array.from(counts, (count) => count / total);
  return scoreAnswers(
    task,
    set,
    set.clips.map(() => row),
  );
}
