import { checkList } from "../core/inputs.js";
import type { TimeSpan } from "../tagging/segments.js";
import type { Segment } from "../tagging/tagger.js";
import { type Canvas, elided, TEXT_HEIGHT, textWidth } from "./canvas.js";
import type { Rgb } from "./magma.js";
import { percent } from "./table.js";
import { UNKNOWN } from "./tagging-text.js";

const ROW_HEIGHT = 18;
const ROW_GAP = 3;
const GAP = 8;
/** Longer labels are shortened in their middle [pixels]. */
const MOST_LABEL_WIDTH = 176;
// From improbable to certain.
const DARK: Rgb = [44, 46, 58];
const BRIGHT: Rgb = [110, 231, 213];

/** A tag over time. */
export interface TagRow {
  readonly label: string;
  /** Its highest probability; null for the row of what is unknown. */
  readonly highest: number | null;
  /** Its probability in each segment; where they overlap, their mean is drawn. */
  readonly spans: readonly (TimeSpan & { readonly probability: number })[];
}

/** The part of a segment that is drawn. */
export type DrawnSegment = Pick<Segment, "startSec" | "endSec" | "tags"> &
  Partial<Pick<Segment, "isUnknown">>;

/**
 * The tags that are the most probable in some segment, each with its probability over time. Unknown segments have no tag:
 * they are a row of their own, the last.
 * @param top number of tags
 */
export function tagRows(segments: readonly DrawnSegment[], top: number): TagRow[] {
  const known = segments.filter(({ isUnknown }) => isUnknown !== true);
  const highest = new Map<string, number>();
  for (const { tags } of known)
    for (const { label, probability } of tags)
      highest.set(label, Math.max(probability, highest.get(label) ?? 0));
  const shown = [...highest].sort(([, a], [, b]) => b - a).slice(0, top);
  const spans = new Map(shown.map(([label]): [string, TagRow["spans"][number][]] => [label, []]));
  for (const { startSec, endSec, tags } of known)
    for (const { label, probability } of tags) spans.get(label)?.push({ startSec, endSec, probability });
  const rows: TagRow[] = shown.map(([label, most]) => ({ label, highest: most, spans: spans.get(label)! }));
  return known.length === segments.length ? rows : [...rows, unknownRow(segments)];
}

function unknownRow(segments: readonly DrawnSegment[]): TagRow {
  const spans = segments.map(({ startSec, endSec, isUnknown }) => ({
    startSec,
    endSec,
    probability: isUnknown === true ? 1 : 0,
  }));
  return { label: UNKNOWN, highest: null, spans };
}

/** Checks that a value is a list of segments. */
export function checkSegmentList(setting: string, value: unknown): void {
  checkList(setting, value, "segments", { startSec: "number", endSec: "number", tags: "list" });
}

const shownLabel = (label: string): string => elided(label, MOST_LABEL_WIDTH);

/** Width of the margin for the labels [pixels]. */
export function tagRowsWidth(rows: readonly TagRow[]): number {
  return 2 * GAP + Math.max(0, ...rows.map(({ label }) => textWidth(shownLabel(label))));
}

/** Height of all rows with the gap above them [pixels]. */
export function tagRowsHeight(rows: readonly TagRow[]): number {
  return rows.length === 0 ? 0 : GAP + rows.length * (ROW_HEIGHT + ROW_GAP);
}

/** Draws a row for each tag: its label, its probability over time, and its highest probability. */
export function drawTagRows(
  canvas: Canvas,
  rows: readonly TagRow[],
  options: { left: number; top: number; width: number; pixelsPerSec: number; ink: Rgb },
): void {
  const { left, width, pixelsPerSec, ink } = options;
  for (const [i, row] of rows.entries()) {
    const top = options.top + GAP + i * (ROW_HEIGHT + ROW_GAP);
    const textTop = top + ((ROW_HEIGHT - TEXT_HEIGHT) >> 1);
    const label = shownLabel(row.label);
    canvas.text(label, left - GAP - textWidth(label), textTop, ink);
    for (const [x, probability] of columnMeans(row, width, pixelsPerSec).entries())
      if (!Number.isNaN(probability)) canvas.fill(left + x, top, 1, ROW_HEIGHT, tint(probability));
    if (row.highest !== null) canvas.text(percent(row.highest), left + width + 2 * GAP, textTop, ink);
  }
}

/** The mean probability in each column of pixels; NaN where it is not known. */
function columnMeans({ spans }: TagRow, width: number, pixelsPerSec: number): Float64Array {
  const sums = new Float64Array(width);
  const counts = new Uint32Array(width);
  for (const { startSec, endSec, probability } of spans) {
    const first = Math.max(0, Math.floor(startSec * pixelsPerSec));
    const end = Math.min(width, Math.max(first + 1, Math.round(endSec * pixelsPerSec)));
    for (let x = first; x < end; x++) {
      sums[x] += probability;
      counts[x]++;
    }
  }
  return sums.map((sum, x) => sum / counts[x]);
}

function tint(probability: number): Rgb {
  const mix = (channel: 0 | 1 | 2) =>
    Math.round(DARK[channel] + Math.min(1, Math.max(0, probability)) * (BRIGHT[channel] - DARK[channel]));
  return [mix(0), mix(1), mix(2)];
}
