import { groupBy } from "../core/group-by.js";
import { joinGroups } from "../dataset/groups.js";
import {
  contradict,
  contradictingPair,
  joinFacts,
  type LabelFacts,
  labelText,
} from "../dataset/known-labels.js";
import type { StoredClip } from "./store.js";

/**
 * Keeps the first of the clips with the same audio, with all that is known about the labels of any, or none of them if
 * one has a label that another lacks, since one must be wrong. Clips that the copies tied together stay in one group.
 * @param report called with a line for every clip that is dropped
 */
export function dropCopies(clips: readonly StoredClip[], report: (line: string) => void): StoredClip[] {
  const byAudio = groupBy(clips, ({ audioHash }) => audioHash);
  const pairs = new Map([...byAudio].map(([audio, copies]) => [audio, contradictingPair(copies)]));
  return joinGroups(clips).flatMap((clip, i) => {
    const copies = byAudio.get(clip.audioHash)!;
    const pair = pairs.get(clip.audioHash);
    const [first] = copies;
    if (pair !== undefined) {
      const other = copies.find((copy) => contradict(copy, clip));
      const reason =
        other === undefined
          ? `the labels of ${pair[0].name} and ${pair[1].name}, which have the same audio, contradict each other`
          : `labelled ${labelText(clip)}, but ${other.name} with the same audio is labelled ${labelText(other)}`;
      report(`${clip.name}: warning: dropped: ${reason}`);
      return [];
    }
    if (clips[i] !== first) {
      report(`${clip.name}: warning: dropped: same audio as ${first.name}`);
      return [];
    }
    return copies.length === 1 ? [clip] : [withFacts(clip, copies.reduce<LabelFacts>(joinFacts, clip))];
  });
}

function withFacts(clip: StoredClip, { labels, ...missing }: LabelFacts): StoredClip {
  const { unknownLabels: _unknown, absentLabels: _absent, ...rest } = clip;
  return { ...rest, labels, ...missing };
}
