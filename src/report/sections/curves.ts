import { mainMeasure } from "../../evaluation/measures.js";
import type { EpochRecord } from "../../training/fit.js";
import { type LineChart, lineChart } from "../charts/line-chart.js";
import { html } from "../html.js";
import type { Section } from "../html-page.js";
import { readable } from "../numbers.js";
import type { Report } from "../report.js";
import { percentText } from "./words.js";

/** The section on losses and scores by epoch; null if they are not at hand. */
export function curvesSection({ task, training: { history, epoch } }: Report): Section | null {
  const best = history?.find((record) => record.epoch === epoch);
  if (history === null || best === undefined) return null;
  const measure = mainMeasure(task);
  const points = (value: (record: EpochRecord) => number) =>
    history.map((record) => [record.epoch, value(record)] as const);
  const marked = [{ name: `best: ${best.epoch}`, x: best.epoch }];
  const charts: LineChart[] = [
    {
      title: "Loss",
      caption: "Mean over the clips [nat]; lower is better.",
      x: { label: "epoch" },
      y: { label: "loss", scale: "log" },
      series: [
        { name: "training", points: points(({ trainLoss }) => trainLoss) },
        { name: "validation", points: points(({ valid }) => valid["loss"]) },
      ],
      marked,
    },
    {
      title: "Validation score",
      caption: "Higher is better.",
      x: { label: "epoch" },
      y: { label: `${measure.title} [%]` },
      series: [{ name: "validation", points: points(({ score }) => 100 * score) }],
      marked,
    },
  ];
  return {
    id: "training",
    title: "Training",
    body: html`<p>The model has the weights of epoch ${best.epoch} of ${history.length}, whose validation score, \
${percentText(best.score)}, is the highest. Its validation loss is ${readable(best.valid["loss"])}.</p>
<div class="figures">${charts.map(lineChart)}</div>`,
  };
}
