import { tableOf } from "../../report/charts/figure.js";
import { lineChart } from "../../report/charts/line-chart.js";
import { type Html, html } from "../../report/html.js";
import type { Section } from "../../report/html-page.js";
import { isMeasured, listed, readable } from "../../report/numbers.js";
import type { GradientFlowResult, GradientFlowRun } from "../results.js";
import { capital, figures, finding, grouped, method } from "./prose.js";

/** A first layer's gradient that differs from the last layer's by more than this factor has vanished or exploded. */
const LARGEST_FACTOR = 1000;

type Fate = "flows" | "vanished" | "zero" | "exploded" | "lost";

/** The section on deviations of activations and gradients, by layer and by depth. */
export function gradientFlowSection({ width, runs }: GradientFlowResult): Section {
  const depth = Math.max(...runs.map((run) => run.depth));
  const deepest = runs.filter((run) => run.depth === depth);
  const title = "Gradient flow";
  return {
    id: "gradient-flow",
    title,
    body: html`${finding([flowSentence(deepest, depth)])}
${fateTable(deepest)}
<p>${batchNormSentence(deepest)}</p>
${method(
  `Untrained nets whose hidden layers have ${width} units each, on one batch of standardized training segments. A name such \
as "tanh with small" gives the activation and the initializer. The charts show standard deviations of each layer's \
activations, and of the loss's gradient with respect to them (around 0, so its root mean square). A deviation of less \
than a thousandth of the activations' mean counts as 0, because float32 cannot tell such activations from a constant.`,
)}
<h3>Layer by layer, in nets of ${depth} hidden layers</h3>
${figures(byLayer(deepest, "activationStd"))}${figures(byLayer(deepest, "gradientStd"))}
<h3>The gradient that reaches the first layer, by number of layers</h3>
${figures(byDepth(runs))}`,
  };
}

/** The first layer's gradient over the last layer's. */
function ratioOf({ gradientStd }: GradientFlowRun): number {
  return gradientStd[0] / gradientStd[gradientStd.length - 1];
}

function fateOf(run: GradientFlowRun): Fate {
  if (run.gradientStd[0] === 0) return "zero";
  const ratio = ratioOf(run);
  if (!isMeasured(ratio) || !isMeasured(run.gradientStd[0])) return "lost";
  if (ratio < 1 / LARGEST_FACTOR) return "vanished";
  return ratio > LARGEST_FACTOR ? "exploded" : "flows";
}

/** One sentence: in how many of the deepest nets the gradient reaches the first layer, without batch norm and with it. */
function flowSentence(deepest: readonly GradientFlowRun[], depth: number): string {
  const parts = [false, true].flatMap((isBatchNorm) => {
    const runs = deepest.filter((run) => run.isBatchNorm === isBatchNorm);
    if (runs.length === 0) return [];
    const nFlows = runs.filter((run) => fateOf(run) === "flows").length;
    return [`${nFlows} of ${runs.length} nets ${isBatchNorm ? "with" : "without"} batch norm`];
  });
  return `With ${depth} hidden layers, the gradient at the first layer is within a factor of ${LARGEST_FACTOR} of the last layer's in ${listed(parts)}.`;
}

const FATES: Readonly<Record<Fate, string>> = {
  flows: `within a factor of ${LARGEST_FACTOR} of the last layer's`,
  vanished: `below 1 / ${LARGEST_FACTOR} of the last layer's`,
  zero: "exactly 0",
  exploded: `above ${LARGEST_FACTOR} times the last layer's`,
  lost: "not finite",
};

/** Number of nets by what becomes of their gradient, without batch norm and with it; the nets' names unfold below. */
function fateTable(deepest: readonly GradientFlowRun[]): Html {
  const kinds = [false, true]
    .map((isBatchNorm) => ({ isBatchNorm, runs: deepest.filter((run) => run.isBatchNorm === isBatchNorm) }))
    .filter(({ runs }) => runs.length > 0);
  const nameOf = (isBatchNorm: boolean) => `${isBatchNorm ? "with" : "without"} batch norm`;
  const fates = (Object.keys(FATES) as Fate[]).filter((fate) => deepest.some((run) => fateOf(run) === fate));
  const of = (runs: readonly GradientFlowRun[], fate: Fate) => runs.filter((run) => fateOf(run) === fate);
  const rows = fates.map((fate) => [FATES[fate], ...kinds.map(({ runs }) => String(of(runs, fate).length))]);
  const medians = [
    "median of first layer's over last layer's",
    ...kinds.map(({ runs }) => readable(medianRatio(runs))),
  ];
  const heading = [
    "gradient at the first layer",
    ...kinds.map(({ isBatchNorm }) => `nets ${nameOf(isBatchNorm)}`),
  ];
  const names = fates.flatMap((fate) =>
    kinds.flatMap(({ isBatchNorm, runs }) => {
      const own = of(runs, fate);
      if (own.length === 0) return [];
      const which = grouped(own.map(({ activation, init }) => [activation, init]));
      return [html`<li>${capital(FATES[fate])}, ${nameOf(isBatchNorm)}: ${which}.</li>`];
    }),
  );
  return html`${tableOf([heading, ...rows, medians])}<details><summary>Which nets</summary><ul>${names}</ul></details>`;
}

/** What batch norm changes in nets that are otherwise the same. */
function batchNormSentence(deepest: readonly GradientFlowRun[]): string {
  const pairs = deepest.flatMap((run) => {
    const plain = deepest.find(
      ({ isBatchNorm, activation, init }) =>
        !isBatchNorm && activation === run.activation && init === run.init,
    );
    return plain === undefined || !run.isBatchNorm ? [] : [{ plain, run }];
  });
  const lost = pairs.filter(({ plain }) => fateOf(plain) !== "flows");
  const saved = lost.filter(({ run }) => fateOf(run) === "flows");
  const broken = pairs.filter(({ plain, run }) => fateOf(plain) === "flows" && fateOf(run) !== "flows");
  const parts = [
    ...(lost.length > 0
      ? [`brings it there in ${saved.length} of the ${lost.length} nets where it was not`]
      : []),
    ...(broken.length > 0 ? [`takes it away in ${broken.length} where it was`] : []),
  ];
  return parts.length === 0 ? "" : `Batch norm ${listed(parts)}.`;
}

/** The median of the ratios; 0 / 0 counts as 0, since no gradient reaches the first layer. */
function medianRatio(runs: readonly GradientFlowRun[]): number {
  const ratios = runs.map((run) => (run.gradientStd[0] === 0 ? 0 : ratioOf(run))).filter(isMeasured);
  const sorted = [...ratios].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}

const NAMES = { activationStd: "Activations", gradientStd: "Gradients" };

function byLayer(deepest: readonly GradientFlowRun[], of: "activationStd" | "gradientStd"): Html[] {
  const shared = deepest.flatMap((run) => run[of]);
  return panels(deepest).map(({ name, runs, inits }) =>
    lineChart({
      title: `${NAMES[of]}, ${name}`,
      x: { label: "layer" },
      y: { label: "standard deviation", scale: "log", shared },
      series: runs.map((run) => ({
        name: run.init,
        points: run[of].map((std, i) => [i + 1, std]),
        style: inits.indexOf(run.init),
      })),
    }),
  );
}

function byDepth(all: readonly GradientFlowRun[]): Html[] {
  const shared = all.map(({ gradientStd }) => gradientStd[0]);
  return panels(all).map(({ name, runs, inits }) =>
    lineChart({
      title: `First layer's gradient, ${name}`,
      x: { label: "depth [layers]" },
      y: { label: "standard deviation", scale: "log", shared },
      series: [...new Set(runs.map(({ init }) => init))].map((init) => ({
        name: init,
        points: runs
          .filter((run) => run.init === init)
          .sort((a, b) => a.depth - b.depth)
          .map(({ depth, gradientStd }) => [depth, gradientStd[0]]),
        style: inits.indexOf(init),
      })),
    }),
  );
}

/** One panel per activation without and with batch norm; `inits` has every initializer, so each keeps its style. */
function panels(all: readonly GradientFlowRun[]) {
  const inits = [...new Set(all.map(({ init }) => init))];
  const activations = [...new Set(all.map(({ activation }) => activation))];
  return [false, true].flatMap((isBatchNorm) =>
    activations.flatMap((activation) => {
      const runs = all.filter((run) => run.isBatchNorm === isBatchNorm && run.activation === activation);
      const name = `${activation}, ${isBatchNorm ? "with" : "no"} batch norm`;
      return runs.length === 0 ? [] : [{ name, runs, inits }];
    }),
  );
}
