import { groupBy } from "../core/group-by.js";

/** The part of a clip that ties it to others: clips with the same audio, or of one group, stay in one split. */
interface Tied {
  readonly name: string;
  readonly audioHash: string;
  readonly group: string;
}

/** Names shown before "and 3 more". */
const NAMES = 2;

/** Whether the source named the group: a clip without one is in a group named by the hash of some audio. */
export function isNamedGroup(group: string): boolean {
  return !/^[0-9a-f]{64}$/.test(group);
}

/**
 * The shortest chain of clips from `start` to one that `isEnd` accepts, in which each clip has the audio or the group of
 * the one before; undefined if there is none.
 */
export function tieChain<T extends Tied>(
  clips: readonly T[],
  start: T,
  isEnd: (clip: T) => boolean,
): T[] | undefined {
  const byAudio = groupBy(clips, ({ audioHash }) => audioHash);
  const byGroup = groupBy(clips, ({ group }) => group);
  const before = new Map<T, T | null>([[start, null]]);
  const queue = [start];
  for (const clip of queue) {
    if (isEnd(clip)) return chainTo(clip, before);
    const tied = [...(byAudio.get(clip.audioHash) ?? []), ...(byGroup.get(clip.group) ?? [])];
    byAudio.delete(clip.audioHash);
    byGroup.delete(clip.group);
    for (const next of tied)
      if (!before.has(next)) {
        before.set(next, clip);
        queue.push(next);
      }
  }
  return undefined;
}

function chainTo<T>(end: T, before: ReadonlyMap<T, T | null>): T[] {
  const chain = [end];
  for (let clip = before.get(end); clip; clip = before.get(clip)) chain.unshift(clip);
  return chain;
}

/** `a.wav has the same audio as b.wav, which is in group g with c.wav`: what ties each clip of a chain to the next. */
export function chainText(chain: readonly Tied[]): string {
  const links = chain.slice(1).map((clip, i) => {
    const last = chain[i];
    const what =
      last.audioHash === clip.audioHash ? "has the same audio as" : `is in ${groupText(clip)} with`;
    return `${what} ${clip.name}`;
  });
  return `${chain[0].name} ${links.join(", which ")}`;
}

/** Why clips stay together: `a.wav, b.wav and 3 more have the same audio`; for several reasons, a chain of clips. */
export function tieText(clips: readonly Tied[]): string {
  const [first] = clips;
  if (clips.every(({ audioHash }) => audioHash === first.audioHash))
    return `${namesText(clips)} have the same audio`;
  if (clips.every(({ group }) => group === first.group))
    return `${namesText(clips)} are in ${groupText(first)}`;
  const start = clips.find(({ group }) => group !== first.group)!;
  return chainText(
    tieChain(
      clips,
      start,
      ({ audioHash, group }) => audioHash !== start.audioHash && group !== start.group,
    ) ?? tieChain(clips, first, ({ audioHash }) => audioHash !== first.audioHash)!,
  );
}

/** `a.wav, b.wav and 3 more` */
function namesText(clips: readonly { readonly name: string }[]): string {
  const shown = clips.slice(0, NAMES).map(({ name }) => name);
  const more = clips.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(" and ");
}

/** `group g`, or `one group` if the source did not name it. */
export function groupText({ group }: Pick<Tied, "group">): string {
  return isNamedGroup(group) ? `group ${group}` : "one group";
}
