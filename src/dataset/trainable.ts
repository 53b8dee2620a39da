import { DataError } from "../core/errors.js";
import type { Clip } from "./clip.js";
import { isBackground, lacksLabels } from "./known-labels.js";
import type { ClipSplits } from "./splits.js";

/**
 * Checks that there are clips to train and to validate on.
 * @param name the data's name in the message
 * @throws DataError otherwise
 */
export function checkEnoughClips(name: string, splits: ClipSplits): void {
  const [train, valid] = [splits.train, splits.valid].map((clips) =>
    clips.filter((clip) => !isBackground(clip)),
  );
  if (train.length >= 2 && valid.length > 0) return; // batch norm needs at least 2 clips in a batch
  const remedy =
    train.length < 2 ? "add training clips" : "raise `validFraction`, or name the split valid for some clips";
  throw new DataError(
    name,
    `needs at least 2 training clips and 1 validation clip, has ${train.length} and ${valid.length}; ${remedy}`,
  );
}

/** Whether a clip has several labels, or some of which it is not known whether it has them. */
export function isMultiLabel(clip: Clip): boolean {
  return clip.labels.length > 1 || lacksLabels(clip);
}

/** The first clip that makes a task multi-label; undefined if all have one label each at most. */
export function multiLabelClip(clips: readonly Clip[]): Clip | undefined {
  return clips.find(isMultiLabel);
}

/**
 * Checks that clips of one label each have more than one class.
 * @throws DataError otherwise
 */
export function checkSeveralClasses(name: string, labels: readonly string[]): void {
  if (labels.length < 2)
    throw new DataError(
      name,
      `has ${labels.length === 0 ? "no class" : `only 1 class (${labels[0]})`}; a net learns classes by their differences and needs at least 2`,
    );
}
