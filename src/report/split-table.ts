import type { Clip } from "../dataset/clip.js";
import { isBackground } from "../dataset/known-labels.js";
import { SPLITS, splitTitle } from "../dataset/split-names.js";
import { type ClipSplits, checkSplits } from "../dataset/splits.js";
import { shortLabel } from "./table.js";

/**
 * Says how many clips that name the train split are drawn for another, which no clip names; null if none are.
 */
export function drawnFromTrain(splits: ClipSplits): string | null {
  const drawn = (["valid", "test"] as const).flatMap((split) => {
    const count = splits[split].filter((clip) => clip.split === "train").length;
    return count === 0 ? [] : [`${count} for ${splitTitle(split)}`];
  });
  if (drawn.length === 0) return null;
  return `drawn from the clips that name train: ${drawn.join(" and ")}, which no clip names`;
}

/**
 * The splits as a table: clips per class and split, groups, and the hash. A clip with two labels counts for both.
 * @example
 * import { splitClips, splitTable } from "timbrel";
 *
 * const clips = (["train", "train", "valid", "test"] as const).map((split, i) => {
 *   const labels = [i % 2 === 0 ? "bass" : "flute"];
 *   return { name: `${i}`, audioHash: `${i}`, labels, group: `${i}`, split, durationSec: 3, nFrames: 130 };
 * });
 * console.log(splitTable(splitClips(clips)));
 * // -> class   train  valid  test  all
 * // -> -------------------------------
 * // -> bass        1      1     0    2
 * // -> flute       1      0     1    2
 * // -> -------------------------------
 * // -> clips       2      1     1    4
 * // -> groups      2      1     1    4
 * // -> split 731bedb0e8c3bd9bc7a11f128da800292b5fba226625c85c0255f69cb18a7d15
 */
export function splitTable(splits: ClipSplits): string {
  checkSplits("splits", splits);
  const all = SPLITS.flatMap((split) => splits[split]);
  const labels = [...new Set(all.flatMap((clip) => clip.labels))].sort();
  const row = (title: string, count: (clips: readonly Clip[]) => number): string[] => [
    title,
    ...[...SPLITS.map((split) => splits[split]), all].map((clips) => String(count(clips))),
  ];
  const rows = [
    ["class", ...SPLITS, "all"],
    ...labels.map((label) =>
      row(shortLabel(label), (clips) => clips.filter((clip) => clip.labels.includes(label)).length),
    ),
    ...(all.some(isBackground) ? [row("background", (clips) => clips.filter(isBackground).length)] : []),
    row("clips", (clips) => clips.length),
    row("groups", (clips) => new Set(clips.map((clip) => clip.group)).size),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join("  "),
  );
  const rule = "-".repeat(lines[0].length);
  return [lines[0], rule, ...lines.slice(1, -2), rule, ...lines.slice(-2), `split ${splits.hash}`].join("\n");
}
