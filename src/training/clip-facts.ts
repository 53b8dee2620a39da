import { recordOf } from "../core/record.js";
import type { Clip } from "../dataset/clip.js";
import type { FeatureSet } from "../dataset/feature-set.js";
import { hasLabel } from "../dataset/known-labels.js";
import type { Task } from "../nn/training-step.js";
import { addClips, addGroups, trainClipCount } from "../tagging/model-clips.js";
import type { ModelInfo } from "../tagging/model-file.js";

/** How the clips of a run were split, as a model file records it. */
export type DrawnSplit = Omit<ModelInfo["split"], "trainCounts" | "knownCounts">;

/**
 * What a model file says about the clips of its training.
 * @param run.from facts about the model that training started from, whose clips count as well
 */
export function clipFacts(
  { train, valid }: { train: FeatureSet<"train">; valid: FeatureSet<"valid"> },
  { seed, validFraction, testFraction, hash }: DrawnSplit,
  run: { task: Task; from?: Pick<ModelInfo, "trainClips" | "validClips" | "trainGroups"> | undefined },
): Pick<ModelInfo, "split" | "trainClips" | "validClips" | "trainGroups"> {
  const { task, from = { trainClips: "", validClips: "", trainGroups: "" } } = run;
  const countsOf = (isCounted: (clip: Clip, label: string) => boolean) =>
    recordOf(
      train.labels.map((label) => [label, train.clips.filter((clip) => isCounted(clip, label)).length]),
    );
  const trainCounts = countsOf((clip, label) => clip.labels.includes(label));
  const hashesOf = ({ clips, background }: FeatureSet) =>
    [...clips, ...(background?.clips ?? [])].map(({ audioHash }) => audioHash);
  const trainClips = addClips(from.trainClips, hashesOf(train));
  const { validClips, trainGroups } = from;
  // Copies, background and the clips of an earlier run make these differ from what `trainCounts` counts.
  const areAllCounted = trainClipCount({ trainClips }) === train.clips.length && !train.lacksTargets;
  const isKnown = (clip: Clip, label: string) => hasLabel(clip, label) !== null;
  const known = task === "single-label" || areAllCounted ? {} : { knownCounts: countsOf(isKnown) };
  return {
    split: { seed, validFraction, testFraction, hash, trainCounts, ...known },
    trainClips,
    ...(trainGroups === undefined
      ? {}
      : { trainGroups: addGroups(trainGroups, [...train.clips, ...valid.clips]) }),
    // If the model that the run started from does not record its clips, they stay unknown.
    ...(validClips === undefined ? {} : { validClips: addClips(validClips, hashesOf(valid)) }),
  };
}
