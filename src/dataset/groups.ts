/** What decides which clips must stay together. */
interface Grouped {
  readonly name: string;
  readonly audioHash: string;
  readonly group: string;
}

/**
 * The clips with their groups joined wherever two groups hold the same audio, so that copies never lie in two splits.
 * Joined groups take the name that comes first in the alphabet; clips keep their order.
 * @param onJoin told of every two groups joined, once
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
  return clips.map((clip) => ({ ...clip, group: rootOf(clip.group) }));
}
