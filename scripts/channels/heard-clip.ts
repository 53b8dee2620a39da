import type { Clip } from "../../src/dataset/clip.js";
import { isOfTrainedGroup, wasChosenBy, wasTrainedOn } from "../../src/tagging/model-clips.js";
import type { ModelInfo } from "../../src/tagging/model-file.js";

/**
 * Returns a clip in a scored group that the model was trained on, or whose group is called like one of the model's training
 * groups; undefined if there is none. Groups of its own validation clips may be scored.
 * @param all the clips of the store
 * @param scored some of them
 */
export function heardClip<C extends Clip>(
  all: readonly C[],
  scored: readonly Clip[],
  info: Pick<ModelInfo, "trainClips" | "validClips" | "trainGroups">,
): C | undefined {
  const isHeard = wasTrainedOn(info);
  const isOfHeardGroup = isOfTrainedGroup(info);
  const isChooser = wasChosenBy(info);
  const validated = new Set(all.filter(({ audioHash }) => isChooser?.(audioHash)).map(({ group }) => group));
  const groups = new Set(scored.map(({ group }) => group));
  return all.find(
    (clip) =>
      groups.has(clip.group) &&
      (isHeard(clip.audioHash) || (!validated.has(clip.group) && isOfHeardGroup(clip))),
  );
}
