import type { Segment, Tag, Tagging } from "../tagging/tagger.js";
import { percent, table } from "./table.js";
import { visibleLine } from "./terminal.js";

/** What is shown of an answer. */
export interface ShownParts {
  /** Number of the most probable tags. */
  readonly top: number;
  readonly segments: boolean;
  readonly events: boolean;
}

/** An answer as text for the terminal: the clip's tags with bars, then its segments and events if they are wanted. */
export function taggingText(file: string, tagging: Tagging, { top, segments, events }: ShownParts): string {
  const shown = tagging.tags.slice(0, top);
  return [
    `${visibleLine(file)} (${tagging.durationSec.toFixed(1)} s)`,
    ...shown.map(tagLine(shown)),
    ...(segments ? timeTable("tags", tagging.segments.map(segmentRow(top))) : []),
    ...(events ? timeTable("event", tagging.events.map(eventRow)) : []),
  ].join("\n");
}

const BAR = 30;

function tagLine(tags: readonly Tag[]): (tag: Tag) => string {
  const width = Math.max(...tags.map(({ label }) => visibleLine(label).length));
  return ({ label, probability }) =>
    `  ${visibleLine(label).padEnd(width)}  ${percent(probability).padStart(7)}  ${"#".repeat(Math.round(BAR * probability))}`.trimEnd();
}

const seconds = (sec: number): string => sec.toFixed(2);
const answer = ({ label, probability }: Tag): string => `${label} ${percent(probability)}`;

const segmentRow =
  (top: number) =>
  ({ startSec, endSec, tags }: Segment): string[] => [
    seconds(startSec),
    seconds(endSec),
    tags.slice(0, top).map(answer).join(", "),
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
