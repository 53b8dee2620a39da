import type { Clip } from "../dataset/clip.js";
import { SPLITS } from "../dataset/split-names.js";
import type { ClipSplits } from "../dataset/splits.js";

/** The splits as a table: clips per class and split, groups, and the hash. A clip with two labels counts for both. */
export function splitTable(splits: ClipSplits): string {
  const all = SPLITS.flatMap((split) => splits[split]);
  const labels = [...new Set(all.flatMap((clip) => clip.labels))].sort();
  const row = (title: string, count: (clips: readonly Clip[]) => number): string[] => [
    title,
    ...[...SPLITS.map((split) => splits[split]), all].map((clips) => String(count(clips))),
  ];
  const rows = [
    ["class", ...SPLITS, "all"],
    ...labels.map((label) =>
      row(label, (clips) => clips.filter((clip) => clip.labels.includes(label)).length),
    ),
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
