import { calibrationLines } from "../calibration.js";
import { lineChart } from "../charts/line-chart.js";
import { html } from "../html.js";
import type { Section } from "../html-page.js";
import { withUnits } from "../numbers.js";
import type { Reliability, Report } from "../report.js";
import { capital, partTitle } from "./words.js";

const points = (fraction: number) => `${(100 * fraction).toFixed(1)} points`;

/** The section on whether a probability of 80 % means 80 %. */
export function calibrationSection({ calibration, parts: [{ reliability, split, net }] }: Report): Section {
  const { before, after } = reliability;
  const what = net.task === "single-label" ? "the answered label's probability" : "a tag's probability";
  const lines = calibration === null ? ["not calibrated"] : calibrationLines(calibration);
  const compared =
    before === null
      ? `On ${partTitle(split)}, ${what} and the fraction that is right differ by ${points(after.calibrationError)} on average.`
      : `On ${partTitle(split)}, ${what} and the fraction that is right differ by ${points(after.calibrationError)} on average, ${points(before.calibrationError)} before calibration.`;
  const line = (name: string, { bins }: Reliability) => ({
    name,
    points: bins
      .filter(({ count }) => count > 0)
      .map(({ confidence, accuracy }) => [confidence, accuracy] as const),
  });
  const chart = lineChart({
    title: "Reliability",
    caption: "The fraction that is right, by probability. On the diagonal, a probability means what it says.",
    x: { label: "mean probability", domain: [0, 1] },
    y: { label: "fraction right", domain: [0, 1] },
    series: [
      line(before === null ? "measured" : "calibrated", after),
      ...(before === null ? [] : [line("before", before)]),
      {
        name: "ideal",
        points: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
  });
  return {
    id: "calibration",
    title: "Calibration",
    body: html`<p>${compared}</p><ul>${lines.map((line) => html`<li>${withUnits(capital(line)).replaceAll("->", "→")}</li>`)}</ul><div class="figures">${chart}</div>`,
  };
}
