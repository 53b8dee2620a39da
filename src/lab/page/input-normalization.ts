import { tableOf } from "../../report/charts/figure.js";
import { lineChart } from "../../report/charts/line-chart.js";
import { type Html, html } from "../../report/html.js";
import type { Section } from "../../report/html-page.js";
import { isMeasured, listed, readable } from "../../report/numbers.js";
import type {
  InputNormalizationResult,
  LabData,
  LeakResult,
  NormalizeName,
  NormalizeRun,
} from "../results.js";
import { type Paired, paired } from "./paired.js";
import { capital, figures, finding, method } from "./prose.js";
import {
  bestRuns,
  clipWorth,
  divergedNames,
  finalLoss,
  lossAxis,
  pointsOf,
  runTable,
  scoreText,
} from "./runs.js";

const NAMES: readonly NormalizeName[] = ["none", "standardize", "whiten"];

/** How sentences call the input under each normalization. */
const INPUTS: Readonly<Record<NormalizeName, string>> = {
  none: "raw input",
  standardize: "standardized input",
  whiten: "whitened input",
};

/** Losses that differ by less than this fraction of the lower one count as equal. */
const TIE = 0.01;

/** The section on loss curves by normalization, the spectrum of the input, and statistics fitted on all data. */
export function inputNormalizationSection(
  result: InputNormalizationResult,
  { measure, nTest }: Pick<LabData, "measure" | "nTest">,
): Section {
  const { net, runs, conditionNumber, leak } = result;
  const nameOf = ({ normalize }: NormalizeRun) => normalize;
  const best = bestRuns(runs, nameOf);
  const conditions = [
    ["", "condition number", "largest eigenvalue", "smallest eigenvalue"],
    ...NAMES.map((name) => {
      const eigenvalues = result.eigenvalues[name];
      return [name, readable(conditionNumber[name]), readable(eigenvalues[0]), readable(eigenvalues.at(-1))];
    }),
  ];
  return {
    id: "input-normalization",
    title: "Input normalization",
    body: html`${finding([conditionSentence(result, best), leakSentence(leak, measure), clipWorth(nTest, "test")])}
${method(`${capital(net)}. All runs take the same number of steps. The curves show each normalization's run with the lowest \
final training loss; the table has all runs.`)}
${figures([...curves(best, measure), spectrum(result), ...leakChart(leak, measure)])}
<h3>All runs</h3>
${tableOf(runTable(runs, nameOf))}
<h3>Covariance of the input</h3>
${tableOf(conditions)}
${leakTable(leak)}`,
  };
}

function conditionSentence(
  { conditionNumber, runs }: InputNormalizationResult,
  best: readonly NormalizeRun[],
): string {
  const numbers = `The condition number of the input's covariance is ${readable(conditionNumber.none)} for raw input, \
${readable(conditionNumber.standardize)} for standardized input and ${readable(conditionNumber.whiten)} for whitened input.`;
  const diverged = divergedNames(runs, ({ normalize }) => INPUTS[normalize]);
  const lost = diverged.length === 0 ? "" : ` Every run with ${listed(diverged)} diverged.`;
  const [first, ...rest] = best;
  if (first === undefined) return `${numbers}${lost}`;
  const name = (run: NormalizeRun) =>
    `${readable(finalLoss(run))} with ${INPUTS[run.normalize]} (learning rate ${readable(run.learningRate)})`;
  const ties = rest.filter((run) => finalLoss(run) - finalLoss(first) <= TIE * finalLoss(first));
  const others = rest.filter((run) => !ties.includes(run));
  const tied = ties.length === 0 ? "" : `, a tie within 1 % with ${listed(ties.map(name))}`;
  const against = others.length === 0 ? "" : `, against ${listed(others.map(name))}`;
  return `${numbers} After the same number of steps, the lowest training loss is ${name(first)}${tied}${against}.${lost}`;
}

const points = (fraction: number) => readable(100 * fraction);
const signed = (fraction: number) => (fraction > 0 ? `+${points(fraction)}` : points(fraction));

function leakSentence({ trainOnly, allData, seeds }: LeakResult, measure: string): string {
  const { mean, standardError, interval, isDistinct, differences } = paired(trainOnly, allData);
  if (seeds.length === 0)
    return "There are no test clips to show how statistics of all data change a test score.";
  const what = `Fitting the statistics on all data instead of the training split changes the test score (${measure}) by`;
  if (!isMeasured(mean)) return `${what} an unknown amount: the scores are missing.`;
  if (seeds.length < 2)
    return `${what} ${signed(mean)} points with the one seed that was run, which may be chance.`;
  if (differences.every((difference) => difference === 0))
    return `${what} 0 points with each of ${seeds.length} seeds.`;
  const verdict = isDistinct ? "which is distinguishable from 0" : "which is not distinguishable from 0";
  return `${what} ${signed(mean)} ± ${points(standardError)} points (mean and standard error of ${seeds.length} \
pairs of runs), ${verdict} (95 % interval ${points(interval[0])} to ${points(interval[1])}).`;
}

function leakTable({ seeds, trainOnly, allData }: LeakResult): Html {
  if (seeds.length === 0) return html``;
  const { differences } = paired(trainOnly, allData);
  const rows = seeds.map((seed, i) => [
    String(seed),
    scoreText(trainOnly[i]),
    scoreText(allData[i]),
    signed(differences[i]),
  ]);
  const heading = [
    "seed",
    "statistics of the training split",
    "statistics of all data",
    "difference [points]",
  ];
  return html`<h3>The pitfall: test scores with statistics of all data</h3>
${tableOf([heading, ...rows])}`;
}

function curves(best: readonly NormalizeRun[], measure: string): Html[] {
  const series = (value: (run: NormalizeRun) => ReturnType<typeof pointsOf>) =>
    NAMES.flatMap((name, style) => {
      const run = best.find(({ normalize }) => normalize === name);
      return run === undefined ? [] : [{ name, points: value(run), style }];
    });
  return [
    lineChart({
      title: "Training loss",
      x: { label: "step" },
      y: lossAxis("training loss", best),
      series: series((run) => pointsOf(run, ({ trainLoss }) => trainLoss)),
    }),
    lineChart({
      title: "Validation score",
      x: { label: "step" },
      y: { label: `${measure} [%]` },
      series: series((run) => pointsOf(run, ({ score }) => 100 * score)),
    }),
  ];
}

function spectrum({ eigenvalues }: InputNormalizationResult): Html {
  return lineChart({
    title: "Spectrum of the input",
    caption: "Eigenvalues of the covariance, largest first.",
    x: { label: "rank" },
    y: { label: "eigenvalue", scale: "log" },
    series: NAMES.map((name) => ({ name, points: eigenvalues[name].map((value, i) => [i + 1, value]) })),
  });
}

/** The differences, seed by seed, with the 95 % interval of their mean as a band. */
function leakChart(leak: LeakResult, measure: string): Html[] {
  if (leak.seeds.length === 0) return [];
  const { differences, mean, interval }: Paired = paired(leak.trainOnly, leak.allData);
  const n = differences.length;
  const [low, high] = interval.map((end) => 100 * end);
  return [
    lineChart({
      title: "Effect of statistics of all data",
      caption:
        "Change in test score compared with statistics of the training split, seed by seed; the band is the 95 % interval of the mean.",
      x: { label: "pair of runs", domain: [0.5, n + 0.5] },
      y: { label: `difference in ${measure} [points]` },
      series: [
        {
          name: "pairs",
          points: differences.map((difference, i) => [i + 1, 100 * difference]),
          isJoined: false,
          ...(isMeasured(low) ? { band: [0.5, n + 0.5].map((x) => [x, low, high] as const) } : {}),
        },
      ],
      references: [
        { name: "no difference", y: 0 },
        { name: "mean", y: 100 * mean, style: 0 },
      ],
    }),
  ];
}
