import { csvLine } from "../core/csv.js";
import type { FrontEnd } from "../features/front-end.js";
import type { Segment, Tagging } from "../tagging/tagger.js";
import { EVENTS_CSV_COLUMNS, RAVEN_COLUMNS, TAGGING_CSV_COLUMNS } from "./tagging-heads.js";
import { type ShownParts, UNKNOWN } from "./tagging-text.js";

/** Decimals of probabilities and times in files: more than a net or an ear can tell apart. */
const DECIMALS = 6;
const MILLISECONDS = 3;

const rounded = (value: number, decimals: number): number => Number(value.toFixed(decimals));

/** An answer as one line of JSON. */
export function taggingJson(file: string, tagging: Tagging, { top, segments, events }: ShownParts): string {
  const { durationSec, tags, isUnknown, novelty, noveltyLimit, warnings } = tagging;
  return JSON.stringify({
    file,
    durationSec,
    tags: tags.slice(0, top),
    isUnknown,
    novelty,
    noveltyLimit,
    warnings,
    ...(segments
      ? { segments: tagging.segments.map((each) => ({ ...each, tags: each.tags.slice(0, top) })) }
      : {}),
    ...(events ? { events: tagging.events } : {}),
  });
}

/** The columns of `taggingCsv`. */
export function taggingCsvHead(labels: readonly string[]): string {
  return csvLine([...TAGGING_CSV_COLUMNS, ...labels]);
}

/**
 * An answer as lines of CSV: the file with its beginning and end [s], the predicted labels separated by `|` or `unknown`,
 * and the probability of every label. One line for the whole file, or one for each segment.
 * @param options.labels in the order of the columns
 */
export function taggingCsv(
  file: string,
  { tags, isUnknown, durationSec, segments }: Tagging,
  options: { labels: readonly string[]; segments: boolean },
): string[] {
  const line = ({
    startSec,
    endSec,
    tags,
    isUnknown,
  }: Pick<Segment, "startSec" | "endSec" | "tags" | "isUnknown">): string => {
    const probabilities = new Map(tags.map(({ label, probability }) => [label, probability]));
    return csvLine([
      file,
      rounded(startSec, MILLISECONDS),
      rounded(endSec, MILLISECONDS),
      isUnknown ? UNKNOWN : tags.flatMap(({ label, isPresent }) => (isPresent ? label : [])).join("|"),
      ...options.labels.map((label) => rounded(probabilities.get(label)!, DECIMALS)),
    ]);
  };
  return options.segments
    ? segments.map(line)
    : [line({ startSec: 0, endSec: durationSec, tags, isUnknown })];
}

export const EVENTS_CSV_HEAD = csvLine(EVENTS_CSV_COLUMNS);

/** The events of a file as lines of CSV. */
export function eventsCsv(file: string, { events }: Tagging): string[] {
  return events.map(({ startSec, endSec, label, probability }) =>
    csvLine([
      file,
      rounded(startSec, MILLISECONDS),
      rounded(endSec, MILLISECONDS),
      label,
      rounded(probability, DECIMALS),
    ]),
  );
}

/** A text in a table whose cells are separated by tabs and cannot be quoted: what would end the cell becomes a space. */
const cell = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");

/**
 * The events of a file as lines of an Audacity label track: beginning [s], end [s] and label, separated by tabs.
 * Reference: https://manual.audacityteam.org/man/importing_and_exporting_labels.html
 */
export function audacityLabels({ events }: Tagging): string[] {
  return events.map(({ startSec, endSec, label }) =>
    [startSec.toFixed(DECIMALS), endSec.toFixed(DECIMALS), cell(label)].join("\t"),
  );
}

/**
 * The events of a file as a selection table of Raven, from its heading on. Selections span the frequencies that the net
 * hears. Columns and views are named as in the tables of BirdNET-Analyzer, except that its names and codes of species are
 * one column, the label, and its confidence is the score.
 */
export function ravenTable(file: string, { events }: Tagging, { fMin, fMax }: FrontEnd): string[] {
  const rows = events.map(({ startSec, endSec, label, probability }, i) => [
    i + 1,
    "Spectrogram 1",
    1,
    startSec.toFixed(MILLISECONDS),
    endSec.toFixed(MILLISECONDS),
    fMin,
    fMax,
    cell(label),
    probability.toFixed(4),
    cell(file),
    startSec.toFixed(MILLISECONDS),
  ]);
  return [RAVEN_COLUMNS, ...rows].map((row) => row.join("\t"));
}
