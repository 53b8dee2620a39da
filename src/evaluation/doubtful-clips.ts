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

/** The clips whose labels are doubtful, the most doubtful first. */
export interface DoubtfulClips {
  readonly doubtful: readonly DoubtfulClip[];
  /** Number of clips none of whose labels a clip of another group has: no neighbour could confirm them. */
  readonly nUnchecked: number;
}

/**
 * Finds the clips whose labels most of their neighbours contradict, for checking labels: those with the most neighbours against
 * them first, and of equals those whose contradicting neighbours are more similar. The neighbours are the `ASKED` nearest
 * clips of other groups: those of its own, such as copies, would share its mistake. Where fewer of these have any of its labels, only
 * as many are asked: in a class of four clips, ten neighbours could but contradict. Where none has, the clip is not checked.
 *
 * If a clip has several labels, most of its neighbours may lack one of them just by chance. Such a label is doubted only if
 * chance alone would leave so few neighbours with it in fewer than 1 of 20 cases.
 * @param vectors an embedding of every clip
 */
export async function doubtfulClips(
  clips: readonly Clip[],
  vectors: ClipVectors,
  options: Omit<NearestOptions, "top" | "mayBeNear">,
): Promise<DoubtfulClips> {
  // Copies are in one group, so that one clip of each audio is enough.
  const byRow = new Map(joinGroups(clips).map((clip) => [vectors.rowOf(clip.audioHash)!, clip]));
  const groups = Array.from({ length: vectors.count }, (_, row) => byRow.get(row)?.group);
  const mayBeNear = (query: number, row: number) =>
    groups[row] !== undefined && groups[query] !== undefined && groups[row] !== groups[query];
  const found = await nearestVectors(vectors, vectors, { ...options, top: ASKED, mayBeNear });
  const labels = new LabelCounts([...byRow.values()]);
  const isChecked = (clip: Clip) => clip.labels.length === 0 || labels.agreeing(clip) > 0;
  const doubtful = [...byRow]
    .filter(([, clip]) => isChecked(clip))
    .flatMap(([row, clip]) => {
      const near = found[row].map(({ row, similarity }) => ({ clip: byRow.get(row)!, similarity }));
      return doubtOf(clip, near.slice(0, labels.agreeing(clip)), labels) ?? [];
    })
    .sort((a, b) => b.doubt - a.doubt || contradiction(b) - contradiction(a));
  return { doubtful, nUnchecked: [...byRow.values()].filter((clip) => !isChecked(clip)).length };
}

/** How many clips have each label. */
class LabelCounts {
  readonly #counts = new Map<string, number>();
  readonly #nClips: number;

  constructor(clips: readonly Clip[]) {
    this.#nClips = clips.length;
    for (const { labels, group } of clips)
      for (const key of labels.flatMap((label) => [keyOf(label), keyOf(label, group)]))
        this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** How many clips of other groups have a label of a clip. */
  agreeingOn(label: string, { group }: Clip): number {
    return this.#of(keyOf(label)) - this.#of(keyOf(label, group));
  }

  /** The same for a clip's most frequent label; infinitely many if it has none. */
  agreeing(clip: Clip): number {
    if (clip.labels.length === 0) return Number.POSITIVE_INFINITY;
    return Math.max(...clip.labels.map((label) => this.agreeingOn(label, clip)));
  }

  /** Whether chance alone gives as few neighbours with the label in less than 1 case of 20. */
  isSeldom({ label, votes, known }: LabelVote): boolean {
    const prior = this.#of(keyOf(label)) / this.#nClips;
    let probability = (1 - prior) ** known;
    let tail = 0;
    for (let k = 0; k <= votes; k++) {
      tail += probability;
      probability *= ((known - k) / (k + 1)) * (prior / (1 - prior));
    }
    return tail < 0.05;
  }

  #of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }
}

const keyOf = (...parts: string[]) => JSON.stringify(parts);

/** The label of a clip that most of its neighbours contradict; null if they contradict none. */
function doubtOf(clip: Clip, neighbours: readonly NearClip[], labels: LabelCounts): DoubtfulClip | null {
  const voted = labelVotes(neighbours).filter(({ label }) => hasLabel(clip, label) === false);
  const own = clip.labels
    .filter((label) => labels.agreeingOn(label, clip) > 0)
    .map((label) => voteOn(label, neighbours))
    .filter((vote) => clip.labels.length === 1 || labels.isSeldom(vote));
  let worst: DoubtfulClip | null = null;
  // A lacking label that most have says more than an own label that most lack.
  for (const vote of [...voted, ...own]) {
    if (vote.known === 0) continue;
    const has = hasLabel(clip, vote.label) === true;
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
