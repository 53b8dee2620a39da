import { lineChart } from "../../report/charts/line-chart.js";
import { type Html, html } from "../../report/html.js";
import type { Section } from "../../report/html-page.js";
import { isMeasured, listed, readable } from "../../report/numbers.js";
import type { GradientFlowResult, GradientFlowRun } from "../results.js";
import { capital, figures, finding, grouped, method } from "./prose.js";

/** A first layer's gradient that differs from the last layer's by more than this factor has vanished or exploded. */
const LARGEST_FACTOR = 1000;

type Fate = "zero" | "vanished" | "exploded" | "flows" | "lost";

/** The section on deviations of activations and gradients, by layer and by depth. */
export function gradientFlowSection({ width, runs }: GradientFlowResult): Section {
  const depth = Math.max(...runs.map((run) => run.depth));
  const deepest = runs.filter((run) => run.depth === depth);
  const title = "Gradient flow";
  return {
    id: "gradient-flow",
    title,
    body: html`${finding([...flowSentence(deepest, depth), ...batchNormSentences(deepest)])}
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

function flowSentence(deepest: readonly GradientFlowRun[], depth: number): string[] {
  const plain = deepest.filter(({ isBatchNorm }) => !isBatchNorm);
  if (plain.length === 0) return [];
  return [
    `In ${plain.length} nets of ${depth} hidden layers without batch norm, the gradient that reaches the first layer ${fates(plain)}.`,
  ];
}

/** Says how many nets' gradients met each fate, and names the nets. */
function fates(runs: readonly GradientFlowRun[]): string {
  const words: Readonly<Record<Fate, string>> = {
    zero: "exactly 0",
    vanished: `below 1 / ${LARGEST_FACTOR} of the last layer's`,
    exploded: `above ${LARGEST_FACTOR} times the last layer's`,
    flows: `within a factor of ${LARGEST_FACTOR} of the last layer's`,
    lost: "not finite",
  };
  const parts = (Object.keys(words) as Fate[]).flatMap((fate) => {
    const own = runs.filter((run) => fateOf(run) === fate);
    if (own.length === 0) return [];
    const names = grouped(own.map(({ activation, init }) => [activation, init]));
    return [`${words[fate]} in ${own.length === runs.length ? "all of them" : own.length} (${names})`];
  });
  return `is ${listed(parts)}`;
}

function batchNormSentences(deepest: readonly GradientFlowRun[]): string[] {
  const normalized = deepest.filter(({ isBatchNorm }) => isBatchNorm);
  if (normalized.length === 0) return [];
  const pairs = normalized.flatMap((run) => {
    const plain = deepest.find(
      ({ isBatchNorm, activation, init }) =>
        !isBatchNorm && activation === run.activation && init === run.init,
    );
    return plain === undefined ? [] : [{ plain, run }];
  });
  const lost = pairs.filter(({ plain }) => fateOf(plain) !== "flows");
  const saved = lost.filter(({ run }) => fateOf(run) === "flows");
  const broken = pairs.filter(({ plain, run }) => fateOf(plain) === "flows" && fateOf(run) !== "flows");
  const parts = [`with batch norm it ${fates(normalized)}`];
  if (lost.length > 0)
    parts.push(
      `batch norm brings it within a factor of ${LARGEST_FACTOR} in ${saved.length} of the ${lost.length} nets where it was not`,
    );
  if (broken.length > 0)
    parts.push(`it is no longer within a factor of ${LARGEST_FACTOR} in ${broken.length} where it was`);
  const medians = [pairs.map(({ plain }) => plain), pairs.map(({ run }) => run)].map(medianRatio);
  if (medians.every(isMeasured))
    parts.push(
      `the median ratio of the first layer's gradient to the last layer's goes from ${readable(medians[0])} to ${readable(medians[1])}`,
    );
  return parts.map((part) => `${capital(part)}.`);
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
