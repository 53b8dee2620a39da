import { percent, table } from "../../src/report/table.js";
import type { FoldResult } from "./results.js";

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Sample deviation of scores of several seeds, e.g. ` +- 1.2`; nothing for one. */
function spread(values: readonly number[]): string {
  if (values.length < 2) return "";
  const middle = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
  return ` +- ${(100 * Math.sqrt(variance)).toFixed(1)}`;
}

/** One line of a fold, e.g. `FreePats, seed 1: 61.2 % (55.0 to 66.9 %), best epoch 12`. */
export function foldLine({ lineage, seed, balancedAccuracy, interval, epoch }: FoldResult): string {
  const range = interval === null ? "" : ` (${(100 * interval[0]).toFixed(1)} to ${percent(interval[1])})`;
  return `${lineage}, seed ${seed}: ${percent(balancedAccuracy)}${range}, best epoch ${epoch}`;
}

/**
 * Balanced accuracy on each lineage that was left out, and its mean over the lineages, with the deviation over the seeds; then
 * the recalls of each class. The interval is the mean of the seeds' intervals.
 * @param results of equal settings and data, of every lineage and seed
 */
export function summaryText(results: readonly FoldResult[]): string {
  const lineages = [...new Set(results.map(({ lineage }) => lineage))];
  const seeds = [...new Set(results.map(({ seed }) => seed))];
  const of = (lineage: string) => results.filter((result) => result.lineage === lineage);
  const scores = (found: readonly FoldResult[]) => found.map(({ balancedAccuracy }) => balancedAccuracy);
  const means = seeds.map((seed) => mean(scores(results.filter((result) => result.seed === seed))));
  const shown = (values: readonly number[]) => `${percent(mean(values))}${spread(values)}`;
  const intervalOf = (found: readonly FoldResult[]) => {
    const intervals = found.flatMap(({ interval }) => (interval === null ? [] : [interval]));
    if (intervals.length === 0) return "-";
    const [low, high] = [0, 1].map((end) => 100 * mean(intervals.map((interval) => interval[end])));
    return `${low.toFixed(1)} to ${high.toFixed(1)} %`;
  };
  const rows = lineages.map((lineage) => {
    const [{ nClips, nGroups }] = of(lineage);
    return [lineage, `${nClips} (${nGroups})`, shown(scores(of(lineage))), intervalOf(of(lineage))];
  });
  const labels = [...new Set(results.flatMap(({ recalls }) => Object.keys(recalls)))].sort();
  const recallsOf = (found: readonly FoldResult[], label: string) =>
    found.flatMap(({ recalls }) => (label in recalls ? [recalls[label]] : []));
  const recall = (found: readonly FoldResult[], label: string) => {
    const values = recallsOf(found, label);
    return values.length === 0 ? "-" : percent(mean(values));
  };
  const byLabel = labels.map((label) => [
    label,
    ...lineages.map((lineage) => recall(of(lineage), label)),
    recall(results, label),
  ]);
  return [
    table([
      ["left out", "clips (groups)", "balanced accuracy", "interval"],
      ...rows,
      ["mean", "", shown(means), ""],
    ]),
    table([["recall", ...lineages, "mean"], ...byLabel]),
  ].join("\n\n");
}
