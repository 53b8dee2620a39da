import { ACTIVATIONS } from "../nn/activations.js";
import type { LayerHealth } from "../nn/watch.js";
import type { EpochRecord } from "../training/fit.js";
import { lineChart } from "./charts/line-chart.js";
import { html } from "./html.js";
import { htmlPage } from "./html-page.js";

/** Most epochs that a chart draws: the first, the last and some in between. */
const MOST_EPOCHS = 5;

interface Measure {
  readonly title: string;
  readonly label: string;
  readonly scale: "log" | "linear";
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
    value: ({ inactiveFraction }) => inactiveFraction,
  },
];

/**
 * Renders layer statistics as an HTML page: charts by layer, for the first epoch, the last and some in between.
 * @param title name of the run, e.g. its folder
 * @param history epochs of a run with `watch` on, at least one
 */
export function watchPage(title: string, history: readonly EpochRecord[]): string {
  const shown = spread(history.filter(({ layers }) => layers !== undefined));
  const layers = shown[0].layers!;
  const charts = MEASURES.map(({ title, label, scale, value }) =>
    lineChart({
      title,
      x: { label: "layer", scale: "linear", domain: [1, Math.max(2, layers.length)] },
      y: { label, scale },
      series: shown.map(({ epoch, layers }) => ({
        name: `epoch ${epoch}`,
        // The output has no activation that could be inactive; leaving it out makes no gap.
        points: layers!
          .map((layer, i) => [i + 1, value(layer)] as const)
          .filter(([, measured]) => measured !== null),
      })),
    }),
  );
  const names = layers.map(({ layer }, i) => `${i + 1} = ${layer}`).join(", ");
  const { activation } = layers[0];
  const inactive =
    activation === null || ACTIVATIONS[activation].inactive.kind === "saturated"
      ? "Saturated activations are at a flat end of the activation function"
      : "Dead units are 0 or less in every example of a batch";
  return htmlPage({
    title: `Gradient flow of ${title}`,
    head: html`<p>Every value is the mean over every eighth step of an epoch. Layers: ${names}. ${inactive}.</p>`,
    sections: [{ id: "flow", title: "By layer", body: html`<div class="figures">${charts}</div>` }],
  });
}

function spread(records: readonly EpochRecord[]): EpochRecord[] {
  const count = Math.min(MOST_EPOCHS, records.length);
  const places = Array.from({ length: count }, (_, i) =>
    Math.round((i * (records.length - 1)) / Math.max(1, count - 1)),
  );
  return [...new Set(places)].map((place) => records[place]);
}
