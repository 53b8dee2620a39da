import { tableOf } from "../../report/charts/figure.js";
import { lineChart } from "../../report/charts/line-chart.js";
import { type Html, html } from "../../report/html.js";
import type { Section } from "../../report/html-page.js";
import { isMeasured, listed, readable } from "../../report/numbers.js";
import type { BatchNormResult, BatchNormRun, LabData } from "../results.js";
import { capital, figures, finding, method } from "./prose.js";
import { clipWorth, FEW_CLIPS, lastScore, lossAxis, pointsOf, scoreText } from "./runs.js";

/** The section on scores by step with and without batch norm, and on the spread of activations during training. */
export function batchNormSection(
  { net, runs }: BatchNormResult,
  { measure, nValid }: Pick<LabData, "measure" | "nValid">,
): Section {
  const hasRatios = nValid >= FEW_CLIPS;
  const series = (value: (run: BatchNormRun) => ReturnType<typeof pointsOf>) =>
    runs.map((run) => ({
      name: run.divergedAt === null ? run.name : `${run.name} (diverged)`,
      points: value(run),
    }));
  const interval = readable(runs[0]?.curve[0]?.step);
  return {
    id: "batch-norm",
    title: "Batch norm",
    body: html`${finding([lastSentence(runs), stepsSentence(runs, hasRatios), clipWorth(nValid, "validation")])}
${method(`${capital(net)}. The experiment follows Figure 2 of Ioffe and Szegedy, 2015: "BN" has batch norm, "x5" and "x30" train \
at 5 and 30 times the baseline's learning rate, and "sigmoid" has sigmoids instead of ReLUs. Scores are taken every \
${interval} steps, so numbers of steps are rounded up to a multiple of ${interval}.`)}
${figures([
  lineChart({
    title: "Validation score",
    x: { label: "step" },
    y: { label: `${measure} [%]` },
    series: series((run) => pointsOf(run, ({ score }) => 100 * score)),
  }),
  lineChart({
    title: "Training loss",
    x: { label: "step" },
    y: lossAxis("training loss", runs),
    series: series((run) => pointsOf(run, ({ trainLoss }) => trainLoss)),
  }),
])}
${tableOf(comparison(runs, hasRatios))}
<h3>Spread of the last hidden layer's activations during training</h3>
${figures(runs.flatMap(spreadChart))}`,
  };
}

const baselineOf = (runs: readonly BatchNormRun[]) => runs.find(({ name }) => name === "baseline");

/** Compares a number of steps with the baseline's. */
function speedText(steps: number, baselineSteps: number): string {
  if (steps === baselineSteps) return "equally fast";
  return steps < baselineSteps
    ? `${readable(baselineSteps / steps)} times faster`
    : `${readable(steps / baselineSteps)} times slower`;
}

function stepsSentence(runs: readonly BatchNormRun[], hasRatios: boolean): string {
  const baseline = baselineOf(runs);
  if (baseline === undefined || baseline.stepsToBaselineBest === null)
    return "The baseline has no score to compare the others with.";
  const own = baseline.stepsToBaselineBest;
  const others = runs.filter((run) => run !== baseline);
  const reached = others.flatMap(({ name, stepsToBaselineBest: steps }) =>
    steps === null ? [] : [`${steps} steps with ${name}${hasRatios ? ` (${speedText(steps, own)})` : ""}`],
  );
  const never = others
    .filter(({ stepsToBaselineBest }) => stepsToBaselineBest === null)
    .map(({ name }) => name);
  const parts = [
    ...(reached.length === 0 ? [] : [`reaching it takes ${listed(reached)}`]),
    ...(never.length === 0 ? [] : [`${listed(never)} never ${never.length === 1 ? "reaches" : "reach"} it`]),
  ];
  const sentence = `The baseline reaches its best score, ${scoreText(baseline.best)}, after ${own} steps.`;
  return parts.length === 0 ? sentence : `${sentence} ${capital(parts.join("; "))}.`;
}

/** Ranks the runs by their last scores: the best score of a run that collapsed later is of no use to anyone. */
function lastSentence(runs: readonly BatchNormRun[]): string {
  const measured = runs.filter((run) => isMeasured(lastScore(run)));
  if (measured.length === 0) return "No run has a score.";
  const most = Math.max(...measured.map(lastScore));
  const winners = measured.filter((run) => lastScore(run) === most).map(({ name }) => name);
  const parts = [`at the end, the highest score is ${scoreText(most)}, of ${listed(winners)}`];
  const [plain, normalized] = (["sigmoid", "BN x5 sigmoid"] as const).map((name) =>
    measured.find((run) => run.name === name),
  );
  if (plain !== undefined && normalized !== undefined)
    parts.push(
      `with sigmoids, it is ${scoreText(lastScore(plain))} without batch norm and ${scoreText(lastScore(normalized))} with batch norm at x5`,
    );
  const diverged = runs.flatMap(({ name, divergedAt }) =>
    divergedAt === null ? [] : [`${name} diverged at step ${divergedAt}`],
  );
  return `${capital([...parts, ...diverged].join("; "))}.`;
}

function comparison(runs: readonly BatchNormRun[], hasRatios: boolean): string[][] {
  const baseline = baselineOf(runs);
  const rows = runs.map((run) => {
    const { name, learningRate, stepsToBaselineBest: steps, best, divergedAt } = run;
    const own = baseline?.stepsToBaselineBest ?? null;
    return [
      name,
      readable(learningRate),
      steps === null ? "never" : String(steps),
      ...(hasRatios ? [run === baseline || steps === null || own === null ? "" : speedText(steps, own)] : []),
      scoreText(lastScore(run)),
      scoreText(best),
      divergedAt === null ? "" : `diverged at step ${divergedAt}`,
    ];
  });
  return [
    [
      ...["", "learning rate", "steps to the baseline's best"],
      ...(hasRatios ? ["compared with the baseline"] : []),
      ...["last score", "best score", ""],
    ],
    ...rows,
  ];
}

function spreadChart({ name, spread }: BatchNormRun, style: number): Html[] {
  const measured = spread.filter(({ mean, std }) => isMeasured(mean) && isMeasured(std));
  const [first, last] = [measured[0], measured.at(-1)];
  if (first === undefined || last === undefined) return [];
  const stds = measured.map(({ std }) => std);
  const most = Math.max(...stds) / Math.min(...stds);
  const change = isMeasured(most) ? `; its maximum is ${readable(most)} times its minimum` : "";
  return [
    lineChart({
      title: name,
      caption: `Mean (line) and standard deviation (band). The deviation is ${readable(first.std)} at first and \
${readable(last.std)} at the end${change}.`,
      x: { label: "step" },
      y: { label: "activation" },
      series: [
        {
          name: "mean",
          style,
          points: spread.map(({ step, mean }) => [step, mean]),
          band: measured.map(({ step, mean, std }) => [step, mean - std, mean + std]),
        },
      ],
    }),
  ];
}
