import type { RangeStep, RangeTest } from "../training/find-learning-rate.js";
import { lineChart } from "./charts/line-chart.js";
import { type Html, html } from "./html.js";
import { htmlPage } from "./html-page.js";
import { readable } from "./numbers.js";

/** Losses are drawn up to so many times the largest of the beginning and the lowest four times over. */
const HEADROOM = 1.1;

/**
 * The curve of a learning-rate range test as a page of its own.
 * @param title of the run
 * @param test of at least one step
 */
export function learningRatePage(title: string, test: RangeTest): string {
  const { steps, suggested } = test;
  const smoothed = steps.map(({ smoothedLoss }) => smoothedLoss);
  const ceiling = HEADROOM * Math.max(smoothed[0], 4 * Math.min(...smoothed));
  const mark = (name: string, rate: number | null, style: number) => {
    const found = steps.find(({ learningRate }) => rate !== null && learningRate >= rate);
    return found === undefined ? [] : [{ name, style, isJoined: false, points: [pointOf(found)] }];
  };
  const chart = lineChart({
    title: "Loss against learning rate",
    caption: "Every step trains at a larger rate than the one before.",
    x: { label: "learning rate", scale: "log" },
    y: { label: "loss", ceiling },
    series: [
      { name: "smoothed loss", style: 0, points: steps.map(pointOf) },
      ...mark("steepest descent", suggested.steepest, 1),
      ...mark("tenth of lowest", suggested.tenthOfLowest, 2),
    ],
  });
  const head = html`<p>${steps.length} steps, from rate ${readable(steps[0].learningRate)} to ${readable(
    steps[steps.length - 1].learningRate,
  )}${test.ended === "diverged" ? ", where the loss diverged" : ""}.</p>`;
  const body = html`<p class="finding">${finding(test)}</p><div class="figures">${chart}</div>`;
  return htmlPage({
    title: `Learning-rate range test of ${title}`,
    head,
    sections: [{ id: "curve", title: "Curve", body }],
  });
}

const pointOf = ({ learningRate, smoothedLoss }: RangeStep) => [learningRate, smoothedLoss] as const;

function finding({ suggested: { steepest, tenthOfLowest } }: RangeTest): Html {
  if (steepest === null && tenthOfLowest === null)
    return html`The loss did not fall at any rate: this net does not learn from these data as it is.`;
  return html`The loss falls fastest at a rate of ${readable(steepest)}; a tenth of the rate at which it is lowest is ${readable(tenthOfLowest)}. Either is a rate to begin with.`;
}
