import { counted } from "../core/counted.js";
import { csvText } from "../core/csv.js";
import { labelText } from "../dataset/known-labels.js";
import { ASKED, type DoubtfulClip } from "../evaluation/doubtful-clips.js";
import { type LabelVote, labelVotes, type NearClip } from "../evaluation/label-votes.js";
import { shortLabel, table } from "./table.js";
import { visibleLine } from "./terminal.js";

/** The clips of a store that are nearest to an audio file. */
export interface FileNeighbours {
  readonly file: string;
  /** Most similar first. */
  readonly neighbours: readonly NearClip[];
}

/** Decimals of similarities: more than an ear can tell apart. */
const DECIMALS = 4;
/** Longest text of a clip's labels in a table [characters]. */
const MAX_LABELS = 40;

const rounded = (similarity: number): number => Number(similarity.toFixed(DECIMALS));
const voteText = ({ label, votes, known }: LabelVote): string => `${shortLabel(label)} ${votes} of ${known}`;

/** The neighbours of a file for reading: a table, and what their labels say. */
export function neighboursText({ file, neighbours }: FileNeighbours): string {
  const rows = neighbours.map(({ clip, similarity }, i) => [
    `  ${i + 1}`,
    similarity.toFixed(3),
    shortLabel(labelText(clip), MAX_LABELS),
    clip.name,
  ]);
  const votes = labelVotes(neighbours);
  const vote = votes.length === 0 ? "no label" : votes.slice(0, 5).map(voteText).join(", ");
  return `${visibleLine(file)}\n${table([["  rank", "similarity", "labels", "clip"], ...rows], 4)}\n  their labels: ${vote}`;
}

/** The same as one line of JSON. */
export function neighboursJson({ file, neighbours }: FileNeighbours): string {
  const listed = neighbours.map(({ clip, similarity }, i) => ({
    rank: i + 1,
    similarity: rounded(similarity),
    labels: clip.labels,
    clip: clip.name,
  }));
  return JSON.stringify({ file, neighbours: listed, votes: labelVotes(neighbours) });
}

export const NEIGHBOURS_CSV_COLUMNS = ["file", "rank", "similarity", "labels", "clip"];

/** The same as lines of CSV. */
export function neighboursCsv({ file, neighbours }: FileNeighbours): string {
  return csvText(
    neighbours.map(({ clip, similarity }, i) => [
      file,
      i + 1,
      rounded(similarity),
      labelText(clip),
      clip.name,
    ]),
  );
}

/** Doubtful clips for reading. */
export function doubtfulText(
  clips: readonly DoubtfulClip[],
  counts: { doubtful: number; all: number },
): string {
  const { doubtful, all } = counts;
  const head = `${doubtful} of ${counted(all, "clip")} ${doubtful === 1 ? "has a label" : "have labels"} that most of the ${ASKED} nearest clips of other groups contradict (fewer in small classes)`;
  if (clips.length === 0) return head;
  const rows = clips.map(({ clip, neighbours }, i) => [
    `  ${i + 1}`,
    shortLabel(labelText(clip), MAX_LABELS),
    labelVotes(neighbours).slice(0, 2).map(voteText).join(", "),
    clip.name,
    neighbours[0].clip.name,
  ]);
  return `${head}\n${table([["  rank", "labels", "neighbours say", "clip", "nearest clip"], ...rows], 5)}`;
}

/** One doubtful clip as a line of JSON. */
export function doubtfulJson(
  { clip, vote, hasLabel, doubt, neighbours }: DoubtfulClip,
  rank: number,
): string {
  const listed = neighbours.map(({ clip, similarity }) => ({
    similarity: rounded(similarity),
    labels: clip.labels,
    clip: clip.name,
  }));
  return JSON.stringify({
    rank,
    clip: clip.name,
    labels: clip.labels,
    hasLabel,
    ...vote,
    doubt,
    neighbours: listed,
  });
}

export const DOUBTFUL_CSV_COLUMNS = [
  "rank",
  "clip",
  "labels",
  "label",
  "votes",
  "known",
  "nearest",
  "similarity",
];

/** The same as a line of CSV. */
export function doubtfulCsv({ clip, vote, neighbours: [nearest] }: DoubtfulClip, rank: number): string {
  const { label, votes, known } = vote;
  const { similarity } = nearest;
  return csvText([
    [rank, clip.name, labelText(clip), label, votes, known, nearest.clip.name, rounded(similarity)],
  ]);
}
