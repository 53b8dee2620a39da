import { availableParallelism } from "node:os";
import { checkInteger } from "../core/check.js";
import { Random } from "../core/random.js";
import { fittingBatchSize } from "../dataset/batches.js";
import { type Covariance, fitCovariance } from "../dataset/covariance.js";
import { type FeatureSet, featureSets } from "../dataset/feature-set.js";
import type { ClipSplits } from "../dataset/splits.js";
import type { Task } from "../nn/training-step.js";
import type { FeatureStore, StoredClip } from "../store/store.js";
import { TRAIN_DEFAULTS, trainConfig } from "../training/config.js";
import { runData } from "../training/run-data.js";

/** Length of the segments that the lab's nets read [frames]. */
const SEGMENT_FRAMES = 32;
const BATCH_SIZE = 32;
/** Four max pools halve the bands. */
const MIN_BANDS = 16;
/** Clips of the valid split that a curve's points are scored on. */
const VALID_CLIPS = { quick: 400, full: 1000 };

/** What all sections of the lab work on: the user's data, and how they are to work. */
export interface LabBench {
  readonly store: FeatureStore;
  readonly splits: ClipSplits;
  readonly sets: ReturnType<typeof featureSets>;
  /** The clips of the valid split that curves are scored on: a fixed share of every label. */
  readonly valid: FeatureSet<"valid">;
  /** Of all frames of the train split, for the normalizations: it takes seconds, so the sections share it. */
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
  /** Threads of the engine, where they help. */
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
  /** Tells that so many training steps of a small net, or work of their length, are done. */
  advance(nSteps: number): void;
}

/** A section of the lab, of its work known beforehand. */
export interface LabSection<Result> {
  /** How far the section will advance the bench; less where a run diverges. */
  budget(isQuick: boolean): number;
  run(bench: LabBench): Promise<Result>;
}

/**
 * The bench of a store, its clips split as `train` splits them.
 * @throws UsageError if the store has nothing to train on or to choose by, or too few mel bands for the lab's nets
 */
export function labBench(
  store: FeatureStore,
  options: {
    seed: number;
    isQuick: boolean;
    /** Of the clips, where the store names no splits. @default as in training */
    validFraction?: number;
    testFraction?: number;
    threads?: number | undefined;
    signal?: AbortSignal | undefined;
    advance?: (nSteps: number) => void;
  },
): LabBench {
  const { seed, isQuick, threads = availableParallelism(), signal, advance = () => {} } = options;
  const { validFraction = TRAIN_DEFAULTS.validFraction, testFraction = TRAIN_DEFAULTS.testFraction } =
    options;
  const { splits, sets, task } = runData(store, trainConfig({ seed, validFraction, testFraction }), null);
  const { labels, nMels, clips } = sets.train;
  checkInteger(`lab: nMels of ${store.dir}`, nMels, { min: MIN_BANDS });
  const valid = stratified(splits.valid, VALID_CLIPS[isQuick ? "quick" : "full"], seed);
  return {
    store,
    splits,
    sets,
    valid: featureSets(store, { ...splits, valid }, labels).valid,
    covariance: fitCovariance(sets.train, { signal }),
    task,
    labels,
    inputShape: [SEGMENT_FRAMES, nMels],
    batchSize: fittingBatchSize(BATCH_SIZE, clips.length),
    seed,
    validFraction,
    testFraction,
    isQuick,
    threads,
    signal,
    advance,
  };
}

/** `nClips` of the clips, of every label (or set of labels) its share; all where there are no more. */
export function stratified<Clip extends Pick<StoredClip, "labels">>(
  clips: readonly Clip[],
  nClips: number,
  seed: number,
): Clip[] {
  const key = ({ labels }: Clip) => [...labels].sort().join("\n");
  const shuffled = new Random(`${seed}/lab valid`).shuffle(clips);
  const keys = [...new Set(clips.map(key))].sort();
  const byLabel = keys.flatMap((each) => shuffled.filter((clip) => key(clip) === each));
  const nTaken = Math.min(nClips, clips.length);
  return Array.from({ length: nTaken }, (_, i) => byLabel[Math.floor(((i + 0.5) * clips.length) / nTaken)]);
}
