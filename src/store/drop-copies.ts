import { groupBy } from "../core/group-by.js";
import { joinGroups } from "../dataset/groups.js";
import type { StoredClip } from "./store.js";

/**
 * Keeps the first of the clips with the same audio, or none of them if their labels differ, since one must be wrong.
 * Clips that the copies tied together stay in one group.
 * @param report called with a line for every clip that is dropped
 */
export function dropCopies(clips: readonly StoredClip[], report: (line: string) => void): StoredClip[] {
  const byAudio = groupBy(clips, ({ audioHash }) => audioHash);
  return joinGroups(clips).filter((clip, i) => {
    const copies = byAudio.get(clip.audioHash)!;
    const [first] = copies;
    const other = copies.find((copy) => labelText(copy) !== labelText(clip));
    if (other !== undefined)
      report(
        `${clip.name}: warning: dropped: labelled ${labelText(clip)}, but ${other.name} with the same audio is labelled ${labelText(other)}`,
      );
    else if (clips[i] !== first) report(`${clip.name}: warning: dropped: same audio as ${first.name}`);
    return other === undefined && clips[i] === first;
  });
}

const labelText = ({ labels }: StoredClip) => [...labels].sort().join("|");
