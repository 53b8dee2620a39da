import { DataError } from "../core/errors.js";
import type { Clip } from "../dataset/clip.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { type ClipSplits, splitClips } from "../dataset/splits.js";
import { clipsTrainedOn, type ModelInfo, wasTrainedOn } from "../tagging/model-file.js";

/** Part of a store to score: a split, or everything. */
export type PartName = "train" | "valid" | "test" | "all";

/** The clips to score, and whether they come from other data than the model's own splits. */
export interface ChosenClips {
  /** With `part` "all", every clip is in `test`. */
  readonly splits: ClipSplits;
  readonly part: PartName;
  readonly isExternal: boolean;
}

/**
 * Splits a store as it was split for the model, and chooses the part to score. Default: the test split. If the store
 * names no splits and shares no clip with the model's training data, all of it: it is all unseen.
 */
export function chooseClips(data: FeatureData, info: ModelInfo, asked: PartName | undefined): ChosenClips {
  const isKnown = wasTrainedOn(info);
  const { clips } = data;
  const isForeign = clips.every(({ split, audioHash }) => split === null && !isKnown(audioHash));
  const part = asked ?? (isForeign ? "all" : "test");
  if (part === "all")
    return {
      splits: splitClips(clips.map((clip) => ({ ...clip, split: "test" }))),
      part,
      isExternal: !clips.some(({ audioHash }) => isKnown(audioHash)),
    };
  const splits = drawAgain(data, info);
  return { splits, part, isExternal: splits.hash !== info.split.hash };
}

/** The splits as they were drawn for the training. */
function drawAgain({ name, clips }: FeatureData, info: ModelInfo): ClipSplits {
  const { seed, validFraction, testFraction } = info.split;
  try {
    return splitClips(clips, { seed, validFraction, testFraction });
  } catch (error) {
    const known = clipsTrainedOn(info, clips);
    if (!(error instanceof DataError) || known.length === 0) throw error;
    throw new DataError(
      name,
      `the model was trained on ${known.length} of the ${clips.length} clips, e.g. ${known[0].name}, but the splits of its training cannot be drawn from these clips; leave out the clips that it was trained on, or score the data that it was trained on`,
      { cause: error },
    );
  }
}

/**
 * Checks that the model was trained on none of the clips; scores on such clips mean nothing.
 * @throws DataError if it was trained on one of them
 */
export function checkUnseen(
  info: ModelInfo,
  clips: readonly Clip[],
  { name, part }: { name: string; part: PartName },
): void {
  const known = clipsTrainedOn(info, clips);
  if (known.length === 0) return;
  const remedy =
    part === "all"
      ? "score the test split alone, or set `split` to train to see how well it knows its training clips"
      : "these are not the splits of its training: train again, or score only clips that it was not trained on";
  throw new DataError(
    name,
    `the model was trained on ${known.length} of the ${clips.length} clips to score (${part}), e.g. ${known[0].name}; ${remedy}`,
  );
}
