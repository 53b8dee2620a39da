import type { RangeStep, RangeTest } from "../training/find-learning-rate.js";
import { lineChart } from "./charts/line-chart.js";
import { html } from "./html.js";
import { htmlPage } from "./html-page.js";
import { readable } from "./numbers.js";

/** Losses are drawn up to so many times the largest before the lowest: a loss that diverged would flatten all others. */
const HEADROOM = 1.1;

/**
 * The curve of a learning-rate range test as a page of its own.
 * @param title of the run
 * @param test of at least one step
 */
export function learningRatePage(title: string, test: RangeTest): string {
  const { steps, suggested } = test;
  const smoothed = steps.map(({ smoothedLoss }) => smoothedLoss);
  const lowest = smoothed.indexOf(Math.min(...smoothed));
  const ceiling = HEADROOM * Math.max(...smoothed.slice(0, lowest + 1));
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

function finding({ suggested: { steepest, tenthOfLowest } }: RangeTest): string {
  const found = [
    steepest === null ? [] : `The loss falls fastest at a rate of ${readable(steepest)}.`,
    tenthOfLowest === null
      ? []
      : `It is lowest at ${readable(10 * tenthOfLowest)}; a tenth of that, ${readable(tenthOfLowest)}, is a rate to begin with.`,
  ].flat();
  return found.length > 0 ? found.join(" ") : "The loss did not fall at any rate.";
}
