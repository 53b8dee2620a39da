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
/** Four max pools halve the bands. */
const MIN_BANDS = 16;
/** Clips of the valid split that a curve's points are scored on. */
const VALID_CLIPS = { quick: 400, full: 1000 };

/** What all sections of the lab work on: the user's data, and how they are to work. */
export interface LabBench {
  readonly data: FeatureData;
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
  readonly engine: Engine;
  /** For nets too small to gain by more than one thread. */
  readonly smallEngine: Engine;
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
 * @throws DataError if the store has nothing to train on or to choose by, or too few mel bands for the lab's nets
 */
export async function labBench(
  data: FeatureData,
  options: {
    seed: number;
    isQuick: boolean;
    /** Of the clips, where the store names no splits. @default as in training */
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
    throw new DataError(data.name, `has ${nMels} mel bands, the lab's nets need at least ${MIN_BANDS}`);
  const valid = stratified(splits.valid, VALID_CLIPS[isQuick ? "quick" : "full"], seed);
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

/** `nClips` of the clips, of every label (or set of labels) its share; all where there are no more. */
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
