import { labelFacts } from "../dataset/known-labels.js";
import type { SourceClip } from "./source-clip.js";
import type { SourceEntry } from "./source-index.js";
import { clipFiles, type StoredClip } from "./store.js";

/**
 * Returns the clips that have features, in the order of the source. A clip without a group forms one with its copies.
 * @param entries index entry of each audio file, by path
 */
export function storedClips(
  clips: readonly SourceClip[],
  entries: ReadonlyMap<string, SourceEntry>,
  frontEndHash: string,
): StoredClip[] {
  return clips.flatMap((clip): StoredClip[] => {
    const entry = entries.get(clip.path);
    if (entry === undefined) return [];
    const { name, split } = clip;
    const { audioHash, durationSec, nFrames } = entry;
    const files = clipFiles(audioHash, frontEndHash);
    return [
      {
        name,
        audioHash,
        ...labelFacts(clip),
        group: clip.group ?? audioHash,
        split,
        durationSec,
        nFrames,
        ...files,
      },
    ];
  });
}
