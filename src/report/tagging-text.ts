import type { Segment, Tagging } from "../tagging/tagger.js";
import type { Tag } from "../tagging/tags.js";
import { percent, table } from "./table.js";
import { visibleLine } from "./terminal.js";

/** What is shown of an answer. */
export interface ShownParts {
  /** Number of the most probable tags. */
  readonly top: number;
  readonly segments: boolean;
  readonly events: boolean;
}

/** The answer for a sound that is unknown. */
export const UNKNOWN = "unknown";

/**
 * An answer as text for the terminal: the clip's tags with bars, those that are present first, then its segments and events
 * if they are wanted.
 */
export function taggingText(file: string, tagging: Tagging, { top, segments, events }: ShownParts): string {
  const { tags } = tagging;
  const present = tags.filter(({ isPresent }) => isPresent);
  const shown = [...present, ...tags.filter(({ isPresent }) => !isPresent)].slice(0, top);
  const isAsked = tagging.isUnknown || tags.some(({ threshold }) => threshold !== null);
  return [
    `${visibleLine(file)} (${tagging.durationSec.toFixed(1)} s)${isAsked ? `: ${answerText(tagging, present)}` : ""}`,
    ...shown.map(tagLine(shown)),
    ...(segments ? timeTable("tags", tagging.segments.map(segmentRow(top))) : []),
    ...(events ? timeTable("event", tagging.events.map(eventRow)) : []),
  ].join("\n");
}

/** The tags that are the answer, where thresholds decide that; or why there is none. */
function answerText(
  { isUnknown, novelty, noveltyLimit, warnings, tags: [nearest] }: Tagging,
  present: readonly Tag[],
): string {
  if (isUnknown) {
    if (warnings.some(({ code }) => code === "silent")) return `${UNKNOWN}: it is silent`;
    const numbers = `novelty ${novelty?.toFixed(1)}, limit ${noveltyLimit?.toFixed(1)}`;
    return `${UNKNOWN}: unlike the training sounds (${numbers}); nearest is ${visibleLine(nearest.label)}`;
  }
  if (present.length === 0) return "no tag reaches its threshold";
  return present.map(({ label }) => visibleLine(label)).join(", ");
}

const BAR = 30;

function tagLine(tags: readonly Tag[]): (tag: Tag) => string {
  const width = Math.max(...tags.map(({ label }) => visibleLine(label).length));
  return ({ label, probability, threshold }) => {
    const bar = "#".repeat(Math.round(BAR * probability));
    const isBelow = threshold !== null && probability < threshold;
    const note = isBelow ? `  below its threshold, ${percent(threshold)}` : "";
    return `  ${visibleLine(label).padEnd(width)}  ${percent(probability).padStart(7)}  ${bar}${note}`.trimEnd();
  };
}

const seconds = (sec: number): string => sec.toFixed(2);
const answer = ({ label, probability }: Pick<Tag, "label" | "probability">): string =>
  `${label} ${percent(probability)}`;

const segmentRow =
  (top: number) =>
  ({ startSec, endSec, tags, isUnknown }: Segment): string[] => [
    seconds(startSec),
    seconds(endSec),
    isUnknown ? UNKNOWN : tags.slice(0, top).map(answer).join(", "),
  ];

const eventRow = (event: Tagging["events"][number]): string[] => [
  seconds(event.startSec),
  seconds(event.endSec),
  answer(event),
];

/** Times at the right of their columns, the rest at the left. */
function timeTable(what: string, rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [`  no ${what}s`];
  const times = table([["start", "end"], ...rows.map((row) => row.slice(0, 2))], 0).split("\n");
  return times.map((time, i) => `  ${time}  ${i === 0 ? what : visibleLine(rows[i - 1][2])}`);
}
