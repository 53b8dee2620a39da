import { counted } from "../../core/counted.js";
import { type LeftOut, reasonsIn } from "../../evaluation/choose-clips.js";
import { choosingSentences } from "../../evaluation/chose.js";
import type { Differences } from "../../evaluation/evaluate-model.js";
import { type Measure, mainMeasure, measuresOf } from "../../evaluation/measures.js";
import { type Verdict, verdictOn } from "../../evaluation/paired-difference.js";
import { sampleNotes } from "../../evaluation/sample-notes.js";
import type { Scores } from "../../evaluation/scores.js";
import { type Cells, tableOf } from "../charts/figure.js";
import { type Html, html } from "../html.js";
import type { Section } from "../html-page.js";
import { withUnits } from "../numbers.js";
import type { Report, ReportPart } from "../report.js";
import { BEFORE_MEAN, capital, differenceText, intervalText, measureText, partTitle } from "./words.js";

/** Differences that are 0.0 points. */
const SAME = 0.0005;

/** Whether chance explains a difference. */
const CHANCE: Readonly<Record<Exclude<Verdict, "not defined">, string>> = {
  higher: "more than chance explains",
  lower: "more than chance explains",
  "may be chance": "which may be chance",
  "too few groups": "which may be chance, as there are too few groups to tell",
};

/** The section on the score: what it is, how sure it is, and what it means against the two baselines. */
export function resultSection(report: Report): Section {
  return {
    id: "result",
    title: "Result",
    body: html`${headline(report.parts[0])}${report.parts.map((part, i) => scoresOf(part, report.kind, i === 0))}`,
  };
}

/** The main score with its interval, and what it means. */
function headline(part: ReportPart): Html {
  const { net, split } = part;
  const measure = mainMeasure(net.task);
  return html`<p class="headline"><strong>${measureText(measure, measure.of(net))}</strong> ${measure.title} on \
${counted(net.nClips, "clip")} of ${partTitle(split)}; ${headlineInterval(net)}.</p>
<p class="finding">${withUnits(meaning(part).join(" "))}</p>`;
}

/** The 95 % interval of the main score, if there is one. */
export function headlineInterval(net: Scores): string {
  const measure = mainMeasure(net.task);
  const interval = net.intervals[measure.name] ?? null;
  if (interval === null) return "there is no 95 % interval";
  const from =
    net.nGroups === net.nClips ? "from these clips" : `from ${counted(net.nGroups, "group")} of clips`;
  return withUnits(`95 % interval ${intervalText(measure, interval)}, ${from}`);
}

/** What the main score means, in sentences: against the baselines, and how much the number of clips says. */
export function meaning({ net, majority, linear, differences, chose }: ReportPart): string[] {
  const measure = mainMeasure(net.task);
  const against = (name: string, other: Scores, found: Differences | null) => {
    const { difference, interval } = found?.[measure.name] ?? {
      difference: measure.of(net) - measure.of(other),
      interval: null,
    };
    const verdict = verdictOn({ difference, interval }, net.nGroups);
    if (verdict === "not defined") return `not comparable with ${name}`;
    if (Math.abs(difference) < SAME) return `as good as ${name} (${measureText(measure, measure.of(other))})`;
    const by = `${Math.abs(100 * difference).toFixed(1)} points ${difference < 0 ? "below" : "above"} ${name} (${measureText(measure, measure.of(other))})`;
    if (interval === null) return by;
    const ends = interval.map((end) => differenceText(measure, end)).join(" to ");
    return `${by}, ${CHANCE[verdict]} (${ends})`;
  };
  const parts = [against("a baseline that never listens", majority, differences.majority)];
  if (linear !== null) parts.push(against("a linear classifier on descriptors", linear, differences.linear));
  const [, meaningOfChoice] = choosingSentences(chose);
  return [`That is ${parts.join("; it is ")}.`, ...sampleNotes(net), `${capital(meaningOfChoice)}.`];
}

/** All scores of a part, beside the baselines'. */
function scoresOf(part: ReportPart, kind: Report["kind"], isFirst: boolean): Html {
  const { net, majority, linear, differences, leftOut, isExternal, split, chose, uncalibrated } = part;
  const rows = definedMeasures(net).map((measure) => {
    const interval = net.intervals[measure.name] ?? null;
    const text = (scores: Scores) => measureText(measure, measure.of(scores));
    return [
      measure.title,
      text(net),
      interval === null ? "–" : intervalText(measure, interval),
      ...(uncalibrated === null ? [] : [text(uncalibrated)]),
      ...(linear === null ? [] : [text(linear), gainText(measure, differences.linear)]),
      text(majority),
    ];
  });
  const linearColumns = linear === null ? [] : ["linear baseline", "net minus linear"];
  const name = kind === "net" ? "net" : "linear baseline";
  const heading = ["", name, "95 % interval", ...(uncalibrated === null ? [] : [`${name}, not calibrated`])];
  const cells: Cells = [[...heading, ...linearColumns, "majority class"], ...rows];
  const notes = [
    ...(isFirst ? [] : [`${capital(choosingSentences(chose)[1])}.`]), // of the first part, the headline says it
    ...(isExternal && chose.seenIn === null
      ? ["The clips are not from the model's own splits: this is an external test."]
      : []),
    ...(leftOut === null ? [] : [leftOutText(leftOut)]),
    ...(uncalibrated === null ? [] : [BEFORE_MEAN]),
    ...(linear === null && kind === "net" ? ["The file of the linear baseline is missing."] : []),
  ];
  const title = `${capital(partTitle(split))}: ${counted(net.nClips, "clip")} in ${counted(net.nGroups, "group")}`;
  const body = html`${tableOf(cells)}${notes.map((note) => html`<p class="note">${note}</p>`)}`;
  return isFirst
    ? html`<h3>${title}</h3>${body}`
    : html`<details><summary>${title}</summary>${body}</details>`;
}

/** The measures that the scores have: with three labels, for example, there is no top-3 accuracy. */
export function definedMeasures(scores: Scores): readonly Measure[] {
  return measuresOf(scores.task).filter((measure) => !Number.isNaN(measure.of(scores)));
}

/** `+12.3 (+4.0 to +19.8)` */
function gainText(measure: Measure, differences: Differences | null): string {
  const found = differences?.[measure.name];
  if (found === undefined) return "–";
  const ends = found.interval?.map((end) => differenceText(measure, end)).join(" to ");
  return `${differenceText(measure, found.difference)}${ends === undefined ? "" : ` (${ends})`}`;
}

function leftOutText(leftOut: LeftOut): string {
  const reasons = reasonsIn(leftOut).map(([count, reason]) => `${counted(count, "clip")}, since ${reason}`);
  return `Left out: ${reasons.join("; ")}.`;
}
