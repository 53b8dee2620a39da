import { counted } from "../../core/counted.js";
import type { Split } from "../../dataset/split-names.js";
import { splitTitle } from "../../dataset/split-names.js";
import { choosingSentences } from "../../evaluation/chose.js";
import { type Cells, tableOf } from "../charts/figure.js";
import { html } from "../html.js";
import type { Section } from "../html-page.js";
import type { DataCount, Report } from "../report.js";
import { capital, durationText, startSentence } from "./words.js";

/** The section on the clips: how many of each label are in which split, and which of them chose what. */
export function dataSection(report: Report): Section {
  const {
    summary,
    parts: [{ chose }],
  } = report;
  const start = startSentence(report);
  const { columns, rows, background, total } = summary;
  const title = (column: Split | "all") => (column === "all" ? "scored" : splitTitle(column));
  const counts = (cells: readonly DataCount[]) =>
    cells.flatMap(({ nClips, nGroups, seconds }) => [String(nClips), String(nGroups), durationText(seconds)]);
  const cells: Cells = [
    ["label", ...columns.flatMap((column) => [`${title(column)} clips`, "groups", "length"])],
    ["all", ...counts(total)],
    ...rows.map(({ label, cells }) => [label, ...counts(cells)]),
    ...(background === null ? [] : [["of no class", ...counts(background)]]),
  ];
  return {
    id: "data",
    title: "Data",
    body: html`<div class="tall">${tableOf(cells)}</div><h3>Which clips chose what</h3>
<ul><li>${capital(counted(chose.nTrained, "clip"))} trained the model.${start === null ? "" : ` ${start}`}</li>
<li>${capital(choosingSentences(chose)[0])}.</li></ul>`,
  };
}
