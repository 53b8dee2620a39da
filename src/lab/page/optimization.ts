import { contourChart } from "../../report/charts/contour-chart.js";
import { tableOf } from "../../report/charts/figure.js";
import { lineChart } from "../../report/charts/line-chart.js";
import { type Html, html } from "../../report/html.js";
import type { Section } from "../../report/html-page.js";
import { isMeasured, listed, readable } from "../../report/numbers.js";
import { LANDSCAPES } from "../landscapes.js";
import type { LandscapePath, LandscapeResult, OptimizationResult, SharpnessRun } from "../results.js";
import { SHARPNESS_NET } from "../sharpness.js";
import { capital, figures, finding, method } from "./prose.js";
import { bestRuns, divergedNames, finalLoss, lossAxis, pointsOf, runTable } from "./runs.js";

type OptimizerRun = OptimizationResult["runs"][number];

/** A path has arrived when its loss has come this fraction of the way down to the lowest minimum. */
const ARRIVED = 0.99;

/** The section on optimizers on three landscapes and on a net, and on the sharpness of another net's loss. */
export function optimizationSection({ landscapes, net, runs, sharpness }: OptimizationResult): Section {
  const nameOf = ({ optimizer }: OptimizerRun) => optimizer;
  const names = [...new Set(runs.map(nameOf))];
  const best = bestRuns(runs, nameOf);
  return {
    id: "optimization",
    title: "Optimization",
    body: html`${finding([
      landscapeSentence(landscapes),
      `${netSentence(runs, best)}.`,
      ...sharpnessSentence(sharpness),
    ])}
<h3>Three landscapes</h3>
${method("Paths of two weights from the same start (circle). Crosses mark the minima; lines and shades are levels of the loss.")}
${figures(landscapes.map(landscapeChart))}
<h3>The net: ${net}</h3>
${figures([
  lineChart({
    title: "Training loss by optimizer",
    caption: "Each optimizer at the learning rate that gave it the lowest final training loss.",
    x: { label: "step" },
    y: lossAxis("training loss", best),
    series: names.flatMap((name, style) => {
      const run = best.find(({ optimizer }) => optimizer === name);
      return run === undefined ? [] : [{ name, points: pointsOf(run, ({ trainLoss }) => trainLoss), style }];
    }),
  }),
])}
${tableOf(runTable(runs, nameOf))}
${sharpnessPart(sharpness)}`,
  };
}

/** Steps after which a path has arrived at the lowest minimum; null if it never does. */
function stepsToLowest(name: LandscapeResult["name"], { points }: LandscapePath): number | null {
  const { at, start, minima } = LANDSCAPES[name];
  const [from, lowest] = [at(...start), at(...minima[0])];
  const step = points.findIndex(([, , loss]) => isMeasured(loss) && from - loss >= ARRIVED * (from - lowest));
  return step === -1 ? null : step;
}

function landscapeSentence(landscapes: readonly LandscapeResult[]): string {
  const parts = landscapes.map(({ name, paths }) => {
    const timed = paths.map((path) => ({ path, steps: stepsToLowest(name, path) }));
    const there = timed.filter(({ steps }) => steps !== null);
    const never = timed.filter(({ steps }) => steps === null).map(({ path }) => path);
    const counts = there.map(({ path, steps }) => `${path.optimizer} ${steps}`);
    const missed = `${listed(never.map(({ optimizer }) => optimizer))} not within ${(never[0]?.points.length ?? 1) - 1}`;
    return `on the ${name}, ${[...(counts.length === 0 ? [] : [listed(counts)]), ...(never.length === 0 ? [] : [missed])].join(", but ")}`;
  });
  return `Steps to get ${100 * ARRIVED} % of the way down to the lowest minimum: ${parts.join("; ")}.`;
}

function landscapeChart({ name, paths }: LandscapeResult): Html {
  const { formula, domain, minima, at } = LANDSCAPES[name];
  return contourChart({
    title: capital(name),
    caption: formula,
    domain,
    minima,
    at,
    paths: paths.map(({ optimizer, learningRate, points }) => ({
      name: `${optimizer}, rate ${readable(learningRate)}`,
      points,
    })),
  });
}

function netSentence(runs: readonly OptimizerRun[], best: readonly OptimizerRun[]): string {
  const diverged = divergedNames(runs, ({ optimizer }) => optimizer);
  const lost = diverged.length === 0 ? "" : `; every run with ${listed(diverged)} diverged`;
  if (best.length === 0) return `On the net, no run ended with a finite loss${lost}`;
  const losses = best.map(
    (run) => `${run.optimizer} ${readable(finalLoss(run))} (rate ${readable(run.learningRate)})`,
  );
  return `On the net, the final training losses, lowest first, are ${listed(losses)}${lost}`;
}

const measuredPoints = ({ points }: SharpnessRun) =>
  points.filter(({ eigenvalue }) => isMeasured(eigenvalue));

function sharpnessSentence(sharpness: readonly SharpnessRun[]): string[] {
  const parts = sharpness.flatMap((run) => {
    const points = measuredPoints(run);
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return [];
    const fraction = (eigenvalue: number) => readable((eigenvalue * run.learningRate) / 2);
    return [
      `from ${fraction(first.eigenvalue)} to ${fraction(last.eigenvalue)} at rate ${readable(run.learningRate)}`,
    ];
  });
  return parts.length === 0
    ? []
    : [
        `Along gradient descent on a smooth net, the largest eigenvalue of the Hessian, in units of 2 / learning rate, goes ${listed(parts)}.`,
      ];
}

function sharpnessPart(sharpness: readonly SharpnessRun[]): Html {
  if (sharpness.length === 0) return html``;
  return html`<h3>Sharpness</h3>
${method(`Measured on another net, because only a smooth net has a Hessian everywhere: ${SHARPNESS_NET}.`)}
${figures(sharpnessCharts(sharpness))}`;
}

function sharpnessCharts(sharpness: readonly SharpnessRun[]): Html[] {
  const name = ({ learningRate }: SharpnessRun) => `rate ${readable(learningRate)}`;
  return [
    lineChart({
      title: "Sharpness along gradient descent",
      caption:
        "Largest eigenvalue of the training loss's Hessian. Dotted lines: 2 / learning rate; gradient descent on a quadratic \
with a larger eigenvalue diverges.",
      x: { label: "step" },
      y: { label: "largest eigenvalue", scale: "log" },
      series: sharpness.map((run) => ({
        name: name(run),
        points: run.points.map(({ step, eigenvalue }) => [step, eigenvalue]),
      })),
      references: sharpness.map(({ learningRate }, style) => ({
        name: `2 / ${readable(learningRate)}`,
        y: 2 / learningRate,
        style,
      })),
    }),
    lineChart({
      title: "Training loss along gradient descent",
      x: { label: "step" },
      y: { label: "training loss", scale: "log" },
      series: sharpness.map((run) => ({
        name: name(run),
        points: run.points.map(({ step, loss }) => [step, loss]),
      })),
    }),
  ];
}
