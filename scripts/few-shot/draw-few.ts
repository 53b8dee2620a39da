import { UsageError } from "../../src/core/errors.js";
import { Random } from "../../src/core/random.js";
import type { Clip } from "../../src/dataset/clip.js";
import type { FeatureData } from "../../src/dataset/feature-data.js";

/** Fraction of a class's clips that are for validation; at least one is. */
const VALIDATION = 0.2;

/** The clips of a source that have one of some labels. */
export function clipsWith(data: FeatureData, labels: readonly string[], isWanted: (clip: Clip) => boolean) {
  return data.clips.filter((clip) => isWanted(clip) && labels.includes(clip.labels[0]));
}

/**
 * Draws the clips of somebody who has recorded `perClass` clips of every class: a fifth of them, and at least one, is for
 * validation. A class with fewer clips gives all that it has.
 * @param clips with one label each
 * @param perClass number of clips of a class, at least 2
 * @throws UsageError if a class has a single clip
 */
export function drawFew(
  data: FeatureData,
  clips: readonly Clip[],
  { perClass, seed }: { perClass: number; seed: string },
): FeatureData {
  const random = new Random(seed);
  const labels = [...new Set(clips.map((clip) => clip.labels[0]))].sort();
  const drawn = labels.flatMap((label) => {
    const own = random.shuffle(clips.filter((clip) => clip.labels[0] === label)).slice(0, perClass);
    if (own.length < 2)
      throw new UsageError({ setting: "clips", rule: "be at least 2 of every class", got: `1 of ${label}` });
    const nValid = Math.max(1, Math.round(VALIDATION * own.length));
    return own.map(
      (clip, i): Clip => ({ ...clip, group: clip.audioHash, split: i < nValid ? "valid" : "train" }),
    );
  });
  return { ...data, clips: drawn };
}
