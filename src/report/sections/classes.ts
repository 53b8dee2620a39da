import type { MultiLabelScores, SingleLabelScores } from "../../evaluation/scores.js";
import { type Cells, tableOf } from "../charts/figure.js";
import { html } from "../html.js";
import type { Section } from "../html-page.js";
import type { Report } from "../report.js";
import { confusions } from "./mistakes.js";
import { percentText } from "./words.js";

/** The section with the scores of every label, the worst first. */
export function classesSection({ labels, parts: [{ net }] }: Report): Section {
  const isSingle = net.task === "single-label";
  const note = isSingle
    ? "The lowest F1 first. The score of a label with few clips is mostly chance."
    : "The lowest average precision first. A tag is answered from its threshold on; precision, recall and F1 are those of \
these answers. A tag that fewer than two clips have is not in the means: macro and weighted scores, mean average precision and \
ROC-AUC are over the others, micro scores are over all tags.";
  return {
    id: "classes",
    title: isSingle ? "Classes" : "Tags",
    body: html`<p class="note">${note}</p><div class="tall">${tableOf(isSingle ? classRows(net, labels) : tagRows(net))}</div>`,
  };
}

function classRows(net: SingleLabelScores, labels: readonly string[]): Cells {
  const pairs = confusions(net, labels);
  const rows = Object.entries(net.perLabel)
    .sort(([, a], [, b]) => a.f1 - b.f1)
    .map(([label, { support, precision, recall, f1 }]) => {
      const most = pairs.find((pair) => pair.label === label);
      const mistaken = most === undefined ? "" : `${most.answer} (${most.count})`;
      return [label, String(support), ...[precision, recall, f1].map(percentText), mistaken];
    });
  return [["label", "clips", "precision", "recall", "F1", "most often mistaken for"], ...rows];
}

function tagRows({ perLabel, meanLabels }: MultiLabelScores): Cells {
  const isIn = new Set(meanLabels);
  const tags = Object.entries(perLabel).sort(
    ([a, { averagePrecision: one }], [b, { averagePrecision: other }]) =>
      Number(isIn.has(b)) - Number(isIn.has(a)) || one - other,
  );
  const rows = tags.map(([label, tag]) => [
    label,
    ...[tag.positives, tag.negatives, tag.unknown].map(String),
    ...(isIn.has(label) ? [tag.averagePrecision, tag.rocAuc].map(percentText) : ["too few clips", "–"]),
    tag.threshold.toFixed(2),
    ...[tag.precision, tag.recall, tag.f1].map(percentText),
  ]);
  const counts = ["clips with it", "without", "not known"];
  return [
    ["tag", ...counts, "average precision", "ROC AUC", "threshold", "precision", "recall", "F1"],
    ...rows,
  ];
}
