import { counted } from "../core/counted.js";
import type { MultiLabelScores, Scores, SingleLabelScores } from "./scores.js";

/** Number of clips below which a score's last digit is that of a few clips. */
const FEW_CLIPS = 100;
/** Number of groups below which percentile intervals are clearly too narrow. */
const FEW_GROUPS = 20;

/** What the number of clips and groups means for scores, in sentences; none if there are enough of both. */
export function sampleNotes(scores: Scores): string[] {
  const { nClips, nGroups } = scores;
  const notes: string[] = [];
  if (nClips < FEW_CLIPS) notes.push(`Only ${counted(nClips, "clip")}: ${worthOfOne(scores)}.`);
  if (scores.task === "multi-label") notes.push(...uncounted(scores));
  if (nGroups < 2)
    notes.push(
      "No intervals: all clips are in one group, so nothing says how much the scores depend on the choice of clips.",
    );
  else if (nGroups < FEW_GROUPS)
    notes.push(
      `The clips are in only ${nGroups} groups: the true scores are outside the intervals more often than 1 time in 20.`,
    );
  if (nGroups >= 2 && scores.task === "single-label" && scores.accuracy === 1)
    notes.push(
      `Every answer is right, so the intervals have no width; yet up to ${percent(mostUnseen(nGroups))} of other groups may have wrong answers.`,
    );
  return notes;
}

const percent = (fraction: number) => `${(100 * fraction).toFixed(0)} %`;
const points = (fraction: number) => `${(100 * fraction).toFixed(1)} points`;

const worthOfOne = (scores: Scores): string =>
  scores.task === "single-label" ? worthOfAnswer(scores) : worthOfTag(scores);

/** How much one more right answer adds to the accuracy and, if it is to a clip of the rarest label, to the main score. */
function worthOfAnswer({ nClips, perLabel }: SingleLabelScores): string {
  if (nClips === 0) return "none has a label that is known";
  const supports = Object.values(perLabel).map(({ support }) => support);
  const most = 1 / (Math.min(...supports) * supports.length);
  return `one clip is worth ${points(1 / nClips)} of accuracy, and up to ${points(most)} of balanced accuracy`;
}

/** How much of the main score is the precision at the rank of one clip with the rarest label. */
function worthOfTag({ meanLabels, perLabel }: MultiLabelScores): string {
  const [rarest] = [...meanLabels].sort((a, b) => perLabel[a].positives - perLabel[b].positives);
  if (rarest === undefined) return "no clip has a label";
  const worth = 1 / (perLabel[rarest].positives * meanLabels.length);
  return `one clip with ${rarest}, the rarest label that counts, is worth about ${points(worth)} of mean average precision`;
}

/** How many labels are in no mean, since too few clips have them, or that all that are have one clip. */
function uncounted({ meanLabels, perLabel }: MultiLabelScores): string[] {
  const nLabels = Object.keys(perLabel).length;
  const nOut = nLabels - meanLabels.length;
  if (meanLabels.length > 0 && meanLabels.every((label) => perLabel[label].positives === 1))
    return [
      "No label is on more than one clip: an average precision is one over the rank of that clip, and the means say little.",
    ];
  return nOut === 0
    ? []
    : [`The means leave out ${nOut} of ${counted(nLabels, "label")}: too few clips have them.`];
}

/** The largest fraction of groups with wrong answers of which none is likely (5 %) to be among so many. */
const mostUnseen = (nGroups: number) => 1 - 0.05 ** (1 / nGroups);
