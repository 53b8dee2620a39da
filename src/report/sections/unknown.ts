import { isFittedTo, type UnknownSounds } from "../../evaluation/unknown-sounds.js";
import { tableOf } from "../charts/figure.js";
import { lineChart } from "../charts/line-chart.js";
import { type Html, html } from "../html.js";
import type { Section } from "../html-page.js";
import type { Report } from "../report.js";
import { partTitle, percentText } from "./words.js";

/** What the model answers as unknown; of one that has no limit of novelty, why. */
export function unknownAnswers({ kind, calibration }: Report): string {
  if (kind === "linear") return "Only silence is answered as unknown: a linear baseline measures no novelty.";
  if (calibration === null) return "Only silence is answered as unknown: the model is not calibrated.";
  const { unknown } = calibration;
  if (unknown !== null) {
    const limit = `A sound is answered as unknown if its novelty, which says how unlike the training sounds it is, is above ${unknown.threshold.toFixed(2)}.`;
    return unknown.basis === undefined
      ? limit
      : `${limit} The training clips set that limit, too, since there are few validation clips.`;
  }
  return "Only silence is answered as unknown: the model was calibrated without a limit of novelty.";
}

/** The section on sounds of no class. */
export function unknownSection(report: Report): Section {
  const { unknown, split } = report.parts[0];
  const section = { id: "unknown", title: "Unknown sounds" };
  if (unknown === null) return { ...section, body: html`<p>${unknownAnswers(report)}</p>` };
  const { falseAlarms, kinds } = unknown;
  const rows = kinds.map(({ sound, nClips, rocAuc, unknown }) => [
    isFittedTo(sound) ? sound : `${sound} *`,
    String(nClips),
    rocAuc.toFixed(3),
    percentText(unknown),
  ]);
  return {
    ...section,
    body: html`<p>${unknownAnswers(report)} Of the clips of ${partTitle(split)} that have a class, ${percentText(falseAlarms)} are. The ROC AUC is \
the chance that a sound of no class has a higher novelty than such a clip: 1 if novelty tells them apart, 0.5 if it says nothing.</p>
${tableOf([["sound of no class", "sounds", "ROC AUC", "answered as unknown"], ...rows])}
<p>* The model is not fitted to call these unknown: they show what becomes of other sounds.</p>
<div class="figures">${noveltyChart(unknown)}</div>`,
  };
}

/** How novelty is distributed over the scored clips and over all sounds of no class. */
function noveltyChart({ limit, bins: { from, width }, histogram, kinds }: UnknownSounds): Html {
  const background = kinds.filter(({ sound }) => sound === "background");
  const made = kinds.filter(({ sound }) => sound !== "background");
  const series = (name: string, histograms: readonly (readonly number[])[]) => {
    const counts = histogram.map((_, bin) => histograms.reduce((sum, each) => sum + each[bin], 0));
    const total = counts.reduce((sum, count) => sum + count, 0);
    const points = counts.map((count, bin) => [from + (bin + 0.5) * width, (100 * count) / total] as const);
    return total === 0 ? [] : [{ name, points }];
  };
  return lineChart({
    title: "Novelty",
    caption: "Each line is a histogram; clips and sounds above the limit are answered as unknown.",
    x: { label: "novelty" },
    y: { label: "of the sounds [%]" },
    series: [
      ...series("clips", [histogram]),
      ...series(
        "no class",
        made.map((kind) => kind.histogram),
      ),
      ...series(
        "background",
        background.map((kind) => kind.histogram),
      ),
    ],
    marked: [{ name: `limit ${limit.toFixed(2)}`, x: limit }],
  });
}
