import type { Clip } from "../dataset/clip.js";
import { joinGroups } from "../dataset/groups.js";
import { hasLabel } from "../dataset/known-labels.js";
import { type LabelVote, labelVotes, type NearClip, voteOn } from "./label-votes.js";
import { type NearestOptions, nearestVectors, type VectorTable } from "./nearest-vectors.js";

/** Number of neighbours that are asked about a clip. */
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
 * clips of other groups: those of its own, such as copies, would share its mistake.
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
  return [...byRow]
    .flatMap(([row, clip]) => {
      const near = found[row].map(({ row, similarity }) => ({ clip: byRow.get(row)!, similarity }));
      return doubtOf(clip, near) ?? [];
    })
    .sort((a, b) => b.doubt - a.doubt || contradiction(b) - contradiction(a));
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
