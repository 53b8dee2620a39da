import type { RangeStep, RangeTest } from "../training/find-learning-rate.js";
import { lineChart } from "./charts/line-chart.js";
import { html } from "./html.js";
import { htmlPage } from "./html-page.js";
import { readable } from "./numbers.js";

/** Ceiling of the chart over the largest loss before the lowest one: losses that diverge would flatten all others. */
const HEADROOM = 1.1;

/**
 * Renders the curve of a learning-rate range test as an HTML page.
 * @param title what the test was run on, e.g. the path of the feature store
 * @param test a test of at least one step
 * @param current learning rate of the settings that were tested
 */
export function learningRatePage(title: string, test: RangeTest, current: number): string {
  const { steps, suggested } = test;
  const smoothed = steps.map(({ smoothedLoss }) => smoothedLoss);
  const lowest = smoothed.indexOf(Math.min(...smoothed));
  const ceiling = HEADROOM * Math.max(...smoothed.slice(0, lowest + 1));
  const at = (what: string, rate: number | null) =>
    rate === null ? [] : [{ name: `${what} ${readable(rate)}`, x: rate }];
  const chart = lineChart({
    title: "Loss against learning rate",
    caption: "Every step trains at a larger rate than the one before.",
    x: { label: "learning rate", scale: "log" },
    y: { label: "smoothed loss", ceiling },
    series: [{ name: "", points: steps.map(pointOf) }],
    marked: [
      ...at("suggested:", suggested.tenthOfLowest),
      ...at("steepest descent:", suggested.steepest),
      ...at("of these settings:", current),
    ],
    isWide: true,
  });
  const head = html`<p>${steps.length} steps at learning rates from ${readable(steps[0].learningRate)} to ${readable(
    steps[steps.length - 1].learningRate,
  )}${test.ended === "diverged" ? ", where the loss diverged" : ""}.</p>`;
  const body = html`<p class="finding">${finding(test)} These settings have a learning rate of ${readable(current)}.</p><div class="figures">${chart}</div>`;
  return htmlPage({
    title: `Learning-rate range test on ${title}`,
    head,
    sections: [{ id: "curve", title: "Curve", body }],
  });
}

const pointOf = ({ learningRate, smoothedLoss }: RangeStep) => [learningRate, smoothedLoss] as const;

function finding({ suggested: { steepest, tenthOfLowest } }: RangeTest): string {
  const found = [
    steepest === null ? [] : `The loss falls fastest at a learning rate of ${readable(steepest)}.`,
    tenthOfLowest === null
      ? []
      : `It is lowest at ${readable(10 * tenthOfLowest)}; a tenth of that, ${readable(tenthOfLowest)}, is a good rate to start with.`,
  ].flat();
  return found.length > 0 ? found.join(" ") : "The loss did not fall at any rate.";
}
