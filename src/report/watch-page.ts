import { mainMeasure } from "../evaluation/measures.js";
import { ACTIVATIONS } from "../nn/activations.js";
import type { LayerHealth } from "../nn/watch.js";
import type { EpochRecord } from "../training/fit.js";
import { lineChart } from "./charts/line-chart.js";
import { thinned } from "./charts/thinned.js";
import { type EpochRun, epochCharts, LOSSES } from "./epoch-charts.js";
import { type Html, html } from "./html.js";
import { htmlPage } from "./html-page.js";

/** Most epochs that a chart by layer draws, besides the best: the first, the last and some in between. */
const MOST_EPOCHS = 4;

interface Measure {
  readonly title: string;
  readonly label: string;
  readonly scale: "log" | "linear";
  readonly domain?: readonly [number, number];
  readonly value: (layer: LayerHealth) => number | null;
}

const MEASURES: readonly Measure[] = [
  {
    title: "Gradient with respect to activations",
    label: "L2 norm",
    scale: "log",
    value: ({ activationGradientNorm }) => activationGradientNorm,
  },
  {
    title: "Gradient with respect to weights",
    label: "L2 norm",
    scale: "log",
    value: ({ weightGradientNorm }) => weightGradientNorm,
  },
  {
    title: "Update of the weights",
    label: "norm of the step / norm of the weight",
    scale: "log",
    value: ({ updateRatio }) => updateRatio,
  },
  {
    title: "Standard deviation of activations",
    label: "standard deviation",
    scale: "log",
    value: ({ std }) => std,
  },
  { title: "Mean of activations", label: "mean", scale: "linear", value: ({ mean }) => mean },
  {
    title: "Dead units or saturated activations",
    label: "fraction",
    scale: "linear",
    domain: [0, 1],
    value: ({ inactiveFraction }) => inactiveFraction,
  },
];

/**
 * Renders how a run trains as an HTML page: losses and scores by epoch, and layer statistics by layer, for the first epoch,
 * the last, the best and some in between.
 * @param title name of the run, e.g. its folder
 * @param run a run of at least one epoch, with `watch` on in its last one
 */
export function watchPage(title: string, run: EpochRun): string {
  const { history, bestEpoch } = run;
  const score = mainMeasure(run.task).title;
  const { layers } = history.at(-1)!;
  const { activation } = layers![0];
  const inactive =
    activation === null || ACTIVATIONS[activation].inactive.kind === "saturated"
      ? "Saturated activations are at a flat end of the activation function"
      : "Dead units are 0 or less in every example of a batch";
  return htmlPage({
    title: `How ${title} trains`,
    head: html`<p>Epoch ${bestEpoch} of ${history.length} is the best: it has the highest ${score} on the validation split, and \
among equal ones the lowest loss.</p>`,
    sections: [
      {
        id: "epochs",
        title: "By epoch",
        body: html`<p>${LOSSES}</p>
<div class="figures">${epochCharts(run)}</div>`,
      },
      {
        id: "flow",
        title: "By layer",
        body: html`<p>Every value is the mean over every eighth step of an epoch. ${inactive}.</p>
<div class="figures">${layerCharts(run)}</div>`,
      },
    ],
  });
}

/** Statistics of every layer, a chart for each: see `MEASURES`. */
export function layerCharts({ history, bestEpoch }: EpochRun): Html[] {
  const watched = history.filter(({ layers }) => layers !== undefined);
  const shown = spread(watched, bestEpoch);
  const names = shown[0].layers!.map(({ layer }) => layer);
  return MEASURES.map(({ title, label, scale, domain, value }) =>
    lineChart({
      title,
      x: { label: "layer", names },
      y: { label, scale, ...(domain === undefined ? {} : { domain }) },
      series: shown.map(({ epoch, layers }) => ({
        name: `epoch ${epoch}${epoch === bestEpoch ? ", best" : ""}`,
        // The output has no activation that could be inactive; leaving it out makes no gap.
        points: layers!
          .map((layer, i) => [i + 1, value(layer)] as const)
          .filter(([, measured]) => measured !== null),
      })),
    }),
  );
}

/** The first record, the last, the best, and some in between. */
function spread(records: readonly EpochRecord[], bestEpoch: number): EpochRecord[] {
  const some = new Set(thinned(records, MOST_EPOCHS));
  return records.filter((record) => some.has(record) || record.epoch === bestEpoch);
}
