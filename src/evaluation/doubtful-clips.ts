import type { Clip } from "../dataset/clip.js";
import { joinGroups } from "../dataset/groups.js";
import { hasLabel } from "../dataset/known-labels.js";
import { type LabelVote, labelVotes, type NearClip, voteOn } from "./label-votes.js";
import { type NearestOptions, nearestVectors, type VectorTable } from "./nearest-vectors.js";

/** Number of neighbours that are asked about a clip; fewer if fewer clips of other groups share a label with it. */
export const ASKED = 10;

/** A clip whose neighbours contradict one of its labels, or the lack of one. */
export interface DoubtfulClip {
  readonly clip: Clip;
  /** The label that most of them contradict, and how many of them have it. */
  readonly vote: LabelVote;
  /** Whether the clip has this label. */
  readonly hasLabel: boolean;
  /** Fraction of the neighbours that contradict it, in (0.5, 1]. */
  readonly doubt: number;
  /** The nearest clips of other groups, most similar first. */
  readonly neighbours: readonly NearClip[];
}

/** The embeddings of clips, by their audio. */
export interface ClipVectors extends VectorTable {
  /** The row of a clip; undefined if there is none. */
  rowOf(audioHash: string): number | undefined;
}

/**
 * Finds the clips whose labels most of their neighbours contradict, for checking labels: those with the most neighbours against
 * them first, and of equals those whose contradicting neighbours are more similar. The neighbours are the `ASKED` nearest
 * clips of other groups: those of its own, such as copies, would share its mistake. Where fewer of these have any of its labels, only
 * as many are asked, and one at least: in a class of four clips, ten neighbours could but contradict.
 * @param vectors an embedding of every clip
 */
export async function doubtfulClips(
  clips: readonly Clip[],
  vectors: ClipVectors,
  options: Omit<NearestOptions, "top" | "mayBeNear">,
): Promise<DoubtfulClip[]> {
  // Copies are in one group, so that one clip of each audio is enough.
  const byRow = new Map(joinGroups(clips).map((clip) => [vectors.rowOf(clip.audioHash)!, clip]));
  const groups = Array.from({ length: vectors.count }, (_, row) => byRow.get(row)?.group);
  const mayBeNear = (query: number, row: number) =>
    groups[row] !== undefined && groups[query] !== undefined && groups[row] !== groups[query];
  const found = await nearestVectors(vectors, vectors, { ...options, top: ASKED, mayBeNear });
  const agreeing = agreeingCounts([...byRow.values()]);
  return [...byRow]
    .flatMap(([row, clip]) => {
      const near = found[row].map(({ row, similarity }) => ({ clip: byRow.get(row)!, similarity }));
      return doubtOf(clip, near.slice(0, Math.max(1, agreeing(clip)))) ?? [];
    })
    .sort((a, b) => b.doubt - a.doubt || contradiction(b) - contradiction(a));
}

/** Returns how many clips of other groups have a clip's most frequent label; of a clip without labels, infinitely many. */
function agreeingCounts(clips: readonly Clip[]): (clip: Clip) => number {
  const counts = new Map<string, number>();
  const keys = (label: string, group: string) => [JSON.stringify([label]), JSON.stringify([label, group])];
  for (const { labels, group } of clips)
    for (const key of labels.flatMap((label) => keys(label, group)))
      counts.set(key, (counts.get(key) ?? 0) + 1);
  return ({ labels, group }) => {
    if (labels.length === 0) return Number.POSITIVE_INFINITY;
    const others = labels.map((label) => {
      const [all, own] = keys(label, group).map((key) => counts.get(key) ?? 0);
      return all - own;
    });
    return Math.max(...others);
  };
}

/** The label of a clip that most of its neighbours contradict; null if they contradict none. */
function doubtOf(clip: Clip, neighbours: readonly NearClip[]): DoubtfulClip | null {
  const voted = labelVotes(neighbours);
  const own = clip.labels.map((label) => voteOn(label, neighbours));
  let worst: DoubtfulClip | null = null;
  // A lacking label that most have says more than an own label that most lack.
  for (const vote of [...voted, ...own]) {
    const has = hasLabel(clip, vote.label);
    if (has === null || vote.known === 0) continue;
    const against = has ? vote.known - vote.votes : vote.votes;
    const doubt = against / vote.known;
    if (doubt > Math.max(0.5, worst?.doubt ?? 0)) worst = { clip, vote, hasLabel: has, doubt, neighbours };
  }
  return worst;
}

/** Mean similarity of the neighbours that contradict a clip. */
function contradiction({ vote, hasLabel: has, neighbours }: DoubtfulClip): number {
  const against = neighbours.filter(({ clip }) => hasLabel(clip, vote.label) === !has);
  return against.reduce((sum, { similarity }) => sum + similarity, 0) / against.length;
}
