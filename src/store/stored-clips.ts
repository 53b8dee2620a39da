import { joinGroups } from "../dataset/groups.js";
import type { SourceClip } from "./source-clip.js";
import type { SourceEntry } from "./source-index.js";
import { clipFiles, type StoredClip } from "./store.js";

/**
 * Returns the clips that have features, in the order of the source. A clip without a group forms one with its copies.
 * @param entries index entry of each audio file, by path
 * @param report called with a line for copies that differ in label or group
 */
export function storedClips(
  clips: readonly SourceClip[],
  entries: ReadonlyMap<string, SourceEntry>,
  frontEndHash: string,
  report: (line: string) => void,
): StoredClip[] {
  const stored = clips.flatMap((clip): StoredClip[] => {
    const entry = entries.get(clip.path);
    if (entry === undefined) return [];
    const { name, labels, split } = clip;
    const { audioHash, durationSec, nFrames } = entry;
    const files = clipFiles(audioHash, frontEndHash);
    return [
      { name, audioHash, labels, group: clip.group ?? audioHash, split, durationSec, nFrames, ...files },
    ];
  });
  reportConflicts(stored, report);
  joinGroups(stored, (a, b) =>
    report(
      `${b.name}: warning: same audio as ${a.name}; their groups ${b.group} and ${a.group} are treated as one`,
    ),
  );
  return stored;
}

function reportConflicts(clips: readonly StoredClip[], report: (line: string) => void): void {
  const firstOf = new Map<string, StoredClip>();
  for (const clip of clips) {
    const first = firstOf.get(clip.audioHash);
    if (first === undefined) firstOf.set(clip.audioHash, clip);
    else if ([...first.labels].sort().join("|") !== [...clip.labels].sort().join("|"))
      report(
        `${clip.name}: warning: same audio as ${first.name}, but labelled ${clip.labels.join("|")}, not ${first.labels.join("|")}; both are kept`,
      );
  }
}
