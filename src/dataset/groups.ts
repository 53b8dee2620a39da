import { groupBy } from "../core/group-by.js";

/** The part of a clip that decides which clips must stay together. */
interface Grouped {
  readonly name: string;
  readonly audioHash: string;
  readonly group: string;
  readonly ownGroup?: string | undefined;
}

/**
 * Returns the clips with groups joined if they hold the same audio, so that copies are never in two splits.
 * Joined groups take the name that is first in alphabetical order; a clip whose group is renamed keeps the old name as
 * `ownGroup`. Clips keep their order.
 * @param onJoin called once for every two groups joined, with two copies that join them
 */
export function joinGroups<T extends Grouped>(
  clips: readonly T[],
  onJoin: (a: T, b: T) => void = () => {},
): T[] {
  const parent = new Map<string, string>();
  const rootOf = (group: string): string => {
    let root = group;
    for (let next = parent.get(root); next !== undefined; next = parent.get(root)) root = next;
    return root;
  };
  const firstOf = new Map<string, T>();
  for (const clip of clips) {
    const first = firstOf.get(clip.audioHash);
    if (first === undefined) {
      firstOf.set(clip.audioHash, clip);
      continue;
    }
    const [a, b] = [rootOf(first.group), rootOf(clip.group)];
    if (a === b) continue;
    const [kept, joined] = [a, b].sort();
    parent.set(joined, kept);
    onJoin(first, clip);
  }
  return clips.map((clip) => {
    const group = rootOf(clip.group);
    return group === clip.group ? { ...clip } : { ...clip, group, ownGroup: clip.ownGroup ?? clip.group };
  });
}

/** The clips that stay together, by the name of their joined group; each clip keeps the group that it came with. */
export function membersOfGroups<T extends Grouped>(clips: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const joined = joinGroups(clips);
  return groupBy(clips, (_, i) => joined[i].group);
}
