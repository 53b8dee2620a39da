import type { Clip } from "../dataset/clip.js";
import { hasLabel, type LabelFacts } from "../dataset/known-labels.js";

/** A clip among the nearest to another. */
export interface NearClip<C extends LabelFacts = Clip> {
  readonly clip: C;
  /** See `NearVector`. */
  readonly similarity: number;
}

/** What neighbours say about a label. */
export interface LabelVote {
  readonly label: string;
  /** Number of neighbours that have it. */
  readonly votes: number;
  /** Number of neighbours of which it is known whether they have it. */
  readonly known: number;
}

/** The labels of some neighbours, the one that most of them have first, and of equals the one of the more similar ones. */
export function labelVotes(neighbours: readonly NearClip<LabelFacts>[]): LabelVote[] {
  const similarityOf = new Map<string, number>();
  for (const { clip, similarity } of neighbours)
    for (const label of clip.labels) similarityOf.set(label, (similarityOf.get(label) ?? 0) + similarity);
  return [...similarityOf]
    .map(([label, similarity]) => ({ ...voteOn(label, neighbours), similarity }))
    .sort((a, b) => b.votes - a.votes || b.similarity - a.similarity)
    .map(({ similarity: _, ...vote }) => vote);
}

/** What neighbours say about one label. */
export function voteOn(label: string, neighbours: readonly NearClip<LabelFacts>[]): LabelVote {
  const answers = neighbours.map(({ clip }) => hasLabel(clip, label)).filter((answer) => answer !== null);
  return { label, votes: answers.filter(Boolean).length, known: answers.length };
}
