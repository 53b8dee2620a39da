import { isFittedTo, type UnknownSounds } from "../../evaluation/unknown-sounds.js";
import { tableOf } from "../charts/figure.js";
import { lineChart } from "../charts/line-chart.js";
import { type Html, html } from "../html.js";
import type { Section } from "../html-page.js";
import type { Report } from "../report.js";
import { partTitle, percentText } from "./words.js";

/** The section on sounds of no class; null if the model does not tell them. */
export function unknownSection({ parts: [{ unknown, split }] }: Report): Section | null {
  if (unknown === null) return null;
  const { limit, falseAlarms, kinds } = unknown;
  const rows = kinds.map(({ sound, nClips, rocAuc, unknown }) => [
    isFittedTo(sound) ? sound : `${sound} *`,
    String(nClips),
    rocAuc.toFixed(3),
    percentText(unknown),
  ]);
  return {
    id: "unknown",
    title: "Unknown sounds",
    body: html`<p>A sound is answered as unknown if its novelty, which says how unlike the training sounds it is, is above \
${limit.toFixed(2)}. Of the clips of ${partTitle(split)} that have a class, ${percentText(falseAlarms)} are. The ROC AUC is \
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
