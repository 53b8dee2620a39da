import { counted } from "../../core/counted.js";
import type { Axis } from "../../report/charts/axis.js";
import type { Cells } from "../../report/charts/figure.js";
import { isMeasured, readable } from "../../report/numbers.js";
import { percent } from "../../report/table.js";
import type { CurvePoint, LabRun } from "../results.js";

/** Losses above this multiple of the median first loss are drawn at it: a diverging run would flatten all others. */
const LOSS_CEILING = 3;

/** The final training loss; NaN for a run that diverged. */
export function finalLoss({ curve, divergedAt }: LabRun): number {
  const last = curve.at(-1)?.trainLoss;
  return divergedAt === null && isMeasured(last) ? last : Number.NaN;
}

/** Each name's run of lowest final training loss, in order of that loss; a name whose runs all diverged is left out. */
export function bestRuns<R extends LabRun>(runs: readonly R[], nameOf: (run: R) => string): R[] {
  const finite = runs.filter((run) => isMeasured(finalLoss(run))).sort((a, b) => finalLoss(a) - finalLoss(b));
  return finite.filter((run, i) => finite.findIndex((other) => nameOf(other) === nameOf(run)) === i);
}

/** The names whose runs all diverged. */
export function divergedNames<R extends LabRun>(runs: readonly R[], nameOf: (run: R) => string): string[] {
  const best = bestRuns(runs, nameOf).map(nameOf);
  return [...new Set(runs.map(nameOf))].filter((name) => !best.includes(name));
}

/** A curve as points of a chart. */
export function pointsOf({ curve }: LabRun, value: (point: CurvePoint) => number) {
  return curve.map((point) => [point.step, value(point)] as const);
}

/** A log axis for the losses of these runs. */
export function lossAxis(label: string, runs: readonly LabRun[]): Axis {
  const first = runs
    .map(({ curve }) => curve[0]?.trainLoss)
    .filter(isMeasured)
    .sort((a, b) => a - b);
  const middle = first[Math.floor(first.length / 2)];
  return { label, scale: "log", ...(middle === undefined ? {} : { ceiling: LOSS_CEILING * middle }) };
}

/** A table of runs: name, learning rate, last losses and score, best score. */
export function runTable<R extends LabRun>(runs: readonly R[], nameOf: (run: R) => string): Cells {
  const heading = [
    "",
    "learning rate",
    "steps",
    "training loss",
    "validation loss",
    "score",
    "best score",
    "",
  ];
  const rows = runs.map((run) => {
    const { learningRate, curve, divergedAt } = run;
    const last = curve.at(-1);
    return [
      nameOf(run),
      readable(learningRate),
      readable(last?.step),
      readable(last?.trainLoss),
      readable(last?.validLoss),
      scoreText(last?.score),
      scoreText(bestScore(run)),
      divergedAt === null ? "" : `diverged at step ${divergedAt}`,
    ];
  });
  return [heading, ...rows];
}

/** With fewer clips, a score moves in leaps, and a ratio of the steps to reach one is chance. */
export const FEW_CLIPS = 100;

/** Says what one clip is worth if the scores are of few; "" if they are of many. */
export function clipWorth(nClips: number, split: "validation" | "test"): string {
  if (nClips >= FEW_CLIPS || nClips < 1) return "";
  return `Scores are of ${counted(nClips, `${split} clip`)}: one clip is worth ${readable(100 / nClips)} points, and smaller differences mean nothing.`;
}

/** The last score of the curve; NaN if it has none or the run diverged. */
export function lastScore({ curve, divergedAt }: LabRun): number {
  const last = curve.at(-1)?.score;
  return divergedAt === null && isMeasured(last) ? last : Number.NaN;
}

/** The best score of the curve; NaN if it has none. */
function bestScore({ curve }: LabRun): number {
  const scores = curve.map(({ score }) => score).filter(isMeasured);
  return scores.length === 0 ? Number.NaN : Math.max(...scores);
}

/** A fraction as a percentage, or a dash if there is none. */
export function scoreText(score: number | undefined): string {
  return isMeasured(score) ? percent(score) : "–";
}
