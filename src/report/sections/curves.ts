import { epochCharts, LOSSES } from "../epoch-charts.js";
import { html } from "../html.js";
import type { Section } from "../html-page.js";
import { readable } from "../numbers.js";
import type { Report } from "../report.js";
import { BEFORE_MEAN, percentText } from "./words.js";

/** The section on losses and scores by epoch; null if they are not at hand. */
export function curvesSection({ task, calibration, training: { history, epoch } }: Report): Section | null {
  const best = history?.find((record) => record.epoch === epoch);
  if (history === null || best === undefined) return null;
  const isCalibrated = (calibration?.temperature ?? 1) !== 1;
  return {
    id: "training",
    title: "Training",
    body: html`<p>The model has the weights of epoch ${best.epoch} of ${history.length}, whose validation score, \
${percentText(best.score)}, is the highest. Its validation loss is ${readable(best.valid.loss)}. \
${isCalibrated ? `These are from before calibration. ${BEFORE_MEAN} ` : ""}${LOSSES}</p>
<div class="figures">${epochCharts({ task, history, bestEpoch: best.epoch })}</div>`,
  };
}
