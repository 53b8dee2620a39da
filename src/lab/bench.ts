import { DataError } from "../core/errors.js";
import { Random } from "../core/random.js";
import { fittingBatchSize } from "../dataset/batches.js";
import type { Clip } from "../dataset/clip.js";
import { type Covariance, fitCovariance } from "../dataset/covariance.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { type FeatureSet, featureSets } from "../dataset/feature-set.js";
import type { ClipSplits } from "../dataset/splits.js";
import type { Task } from "../nn/training-step.js";
import type { Engine } from "../runtime/engine.js";
import { TRAIN_DEFAULTS, trainConfig } from "../training/config.js";
import { runData } from "../training/run-data.js";

/** Length of the segments that the lab's nets read [frames]. */
const SEGMENT_FRAMES = 32;
const BATCH_SIZE = 32;
/** Each of four max pools halves the bands. */
const MIN_BANDS = 16;
/** Number of validation clips that the points of a curve are scored on. */
const VALID_CLIPS = { quick: 400, full: 1000 };

/** What all sections of the lab share: the user's data and the settings of the run. */
export interface LabBench {
  readonly data: FeatureData;
  readonly splits: ClipSplits;
  readonly sets: ReturnType<typeof featureSets>;
  /** The validation clips that curves are scored on: the same fraction of every label. */
  readonly valid: FeatureSet<"valid">;
  /** Covariance of all training frames, for the normalizations. It takes seconds, so the sections share it. */
  readonly covariance: Covariance;
  readonly task: Task;
  readonly labels: readonly string[];
  /** [segmentFrames, nMels] */
  readonly inputShape: readonly [segmentFrames: number, nMels: number];
  readonly batchSize: number;
  readonly seed: number;
  readonly validFraction: number;
  readonly testFraction: number;
  readonly isQuick: boolean;
  readonly engine: Engine;
  /** Engine for nets that are too small to gain from more than one thread. */
  readonly smallEngine: Engine;
  readonly signal: AbortSignal | undefined;
  /** Reports `nSteps` more training steps of a small net, or other work that takes as long, as done. */
  advance(nSteps: number): void;
}

/** A section of the lab, whose amount of work is known before it runs. */
export interface LabSection<Result> {
  /** Steps by which the section will advance the bench; fewer if a run diverges. */
  budget(isQuick: boolean): number;
  run(bench: LabBench): Promise<Result>;
}

/**
 * Makes the bench of a store, whose clips it splits as `train` does.
 * @throws DataError if the store has no training or no validation clips, or too few mel bands for the lab's nets
 */
export async function labBench(
  data: FeatureData,
  options: {
    seed: number;
    isQuick: boolean;
    /** Fraction of the clips, if the store names none for the split. @default as in training */
    validFraction?: number;
    testFraction?: number;
    engine: Engine;
    /** @default `engine` */
    smallEngine?: Engine;
    signal?: AbortSignal | undefined;
    advance?: (nSteps: number) => void;
  },
): Promise<LabBench> {
  const { seed, isQuick, engine, smallEngine = engine, signal, advance = () => {} } = options;
  const { validFraction = TRAIN_DEFAULTS.validFraction, testFraction = TRAIN_DEFAULTS.testFraction } =
    options;
  const { splits, sets, task } = runData(data, trainConfig({ seed, validFraction, testFraction }));
  const { labels, nMels, clips } = sets.train;
  if (nMels < MIN_BANDS)
    throw new DataError(data.name, `has ${nMels} mel bands; the lab's nets need at least ${MIN_BANDS}`);
  const valid = stratified(sets.valid.clips, VALID_CLIPS[isQuick ? "quick" : "full"], seed);
  return {
    data,
    splits,
    sets,
    valid: featureSets(data, { ...splits, valid }, labels).valid,
    covariance: await fitCovariance(sets.train, { signal }),
    task,
    labels,
    inputShape: [SEGMENT_FRAMES, nMels],
    batchSize: fittingBatchSize(BATCH_SIZE, clips.length),
    seed,
    validFraction,
    testFraction,
    isQuick,
    engine,
    smallEngine,
    signal,
    advance,
  };
}

/** Takes `nClips` of the clips, in proportion from every label (or set of labels); all clips if there are no more. */
export function stratified<C extends Pick<Clip, "labels">>(
  clips: readonly C[],
  nClips: number,
  seed: number,
): C[] {
  const key = ({ labels }: C) => [...labels].sort().join("\n");
  const shuffled = new Random(`${seed}/lab valid`).shuffle(clips);
  const keys = [...new Set(clips.map(key))].sort();
  const byLabel = keys.flatMap((each) => shuffled.filter((clip) => key(clip) === each));
  const nTaken = Math.min(nClips, clips.length);
  return Array.from({ length: nTaken }, (_, i) => byLabel[Math.floor(((i + 0.5) * clips.length) / nTaken)]);
}
