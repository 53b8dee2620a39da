import { LABELS, type Label } from "./labels.js";
import type { ClipPlan, Split } from "./plan.js";

/** A line of `manifest.csv`. */
export interface ManifestRow {
  readonly path: string;
  readonly label: Label;
  readonly group: string;
  readonly split: Split;
}

/** The manifest as CSV text. No path, label or group here contains a comma, a quote or a line break. */
export function manifestCsv(rows: readonly ManifestRow[]): string {
  return [
    "path,label,group,split",
    ...rows.map((row) => [row.path, row.label, row.group, row.split].join(",")),
  ]
    .join("\n")
    .concat("\n");
}

/**
 * All clips of the training fonts as CSV text, varied ones and those for evaluation, with their groups and without splits:
 * a group has clips of both kinds.
 */
export function allClipsCsv(clips: readonly ClipPlan[]): string {
  const lines = clips
    .filter(({ kind }) => kind !== "test")
    .map(({ path, label, group }) => [path, label, group].join(","));
  return ["path,label,group", ...lines].join("\n").concat("\n");
}

/**
 * The clips of the training fonts without their splits, for runs that draw them: with groups, so that no split has a note
 * of another's instrument; or without, so that all have notes of every instrument. The latter is the mistake that the
 * groups prevent, to show what it does to scores.
 */
export function unsplitCsv(rows: readonly ManifestRow[], { withGroups }: { withGroups: boolean }): string {
  const clips = rows.filter(({ split }) => split !== "test");
  const lines = clips.map(({ path, label, group }) =>
    [path, label, ...(withGroups ? [group] : [])].join(","),
  );
  return [withGroups ? "path,label,group" : "path,label", ...lines].join("\n").concat("\n");
}

/** Clips per class and split as a text table, with the number of groups in brackets. */
export function countTable(rows: readonly ManifestRow[]): string {
  const splits = (["train", "valid", "test"] as const).filter((split) =>
    rows.some((row) => row.split === split),
  );
  const cell = (label: Label | null, split: Split) => {
    const found = rows.filter((row) => (label === null || row.label === label) && row.split === split);
    return `${found.length} (${new Set(found.map((row) => row.group)).size})`;
  };
  const line = (name: string, cells: readonly string[]) =>
    name.padEnd(10) + cells.map((text) => text.padStart(12)).join("");
  const counts = (label: Label | null) => splits.map((split) => cell(label, split));
  return [
    line("class", splits),
    ...LABELS.map((label) => line(label, counts(label))),
    line("all", counts(null)),
  ].join("\n");
}
