import { DataError } from "../core/errors.js";
import type { Clip } from "../dataset/clip.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { type ClipSplits, splitClips } from "../dataset/splits.js";
import { type ModelInfo, wasTrainedOn } from "../tagging/model-file.js";

/** What of a store is scored: a split, or everything. */
export type PartName = "train" | "valid" | "test" | "all";

/** The clips to score, and whether they are of other data than the model's own splits. */
export interface ChosenClips {
  /** With `part` "all", every clip is in `test`. */
  readonly splits: ClipSplits;
  readonly part: PartName;
  readonly isExternal: boolean;
}

/**
 * Splits a store as it was split for the model. Where the user asks for nothing, that is the test split; but all clips of
 * a store that names no splits and of which the model knows no clip, since nothing of it was held out from anything.
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
  const { seed, validFraction, testFraction } = info.split;
  const splits = splitClips(clips, { seed, validFraction, testFraction });
  return { splits, part, isExternal: splits.hash !== info.split.hash };
}

/** @throws DataError if a clip was in the model's train split: its score would be worth nothing */
export function checkUnseen(
  info: ModelInfo,
  clips: readonly Clip[],
  { name, part }: { name: string; part: PartName },
): void {
  const isKnown = wasTrainedOn(info);
  const known = clips.filter(({ audioHash }) => isKnown(audioHash));
  if (known.length === 0) return;
  throw new DataError(
    name,
    `the model was trained on ${known.length} of the ${clips.length} clips to score (${part}), e.g. ${known[0].name}; score the store that it was trained on, or set \`split\` to train to see how well it knows them`,
  );
}
