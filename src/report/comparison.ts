import { counted } from "../core/counted.js";
import { FEWEST_GROUPS } from "../evaluation/bootstrap.js";
import { trainedGroupsText } from "../evaluation/chose.js";
import type { Comparison } from "../evaluation/compare-models.js";
import { mainMeasure, measuresOf } from "../evaluation/measures.js";
import { type Difference, verdictOn } from "../evaluation/paired-difference.js";
import { sampleNotes } from "../evaluation/sample-notes.js";
import { percent, table } from "./table.js";
import { visibleLine } from "./terminal.js";

/** Scores of two models on the same clips, and their differences, as text. */
export function comparisonReport(
  comparison: Comparison,
  names: { first: string; other: string; store: string },
): string {
  const { split, leftOut, leftOutForOther, chose, first, other, differences } = comparison;
  const { task, nClips } = first;
  const part = split === "all" ? "all" : `split ${split}:`;
  const left = [
    leftOut > 0 ? `${counted(leftOut, "clip")} because of A` : "",
    leftOutForOther > 0 ? `${counted(leftOutForOther, "clip")} because of B` : "",
  ].filter((text) => text !== "");
  const silent = [
    ...(chose.first.nValidation === null ? ["A"] : []),
    ...(chose.other.nValidation === null ? ["B"] : []),
  ];
  const unseen = silent.length === 0 ? "neither model has seen" : "neither model was trained on";
  const header = [
    `A     ${visibleLine(names.first)}`,
    `B     ${visibleLine(names.other)}`,
    `data  ${visibleLine(names.store)}, ${part} ${counted(nClips, "clip")} that ${unseen}`,
    ...(left.length > 0 ? [`      left out: ${left.join(", ")}`] : []),
    ...silent.map(
      (model) =>
        `      the file of ${model} does not say which clips chose its epoch: they may be among these, and its scores too good`,
    ),
    ...([chose.first, chose.other] as const).flatMap(({ nInTrainedGroups }, i) =>
      nInTrainedGroups === 0 ? [] : [`      ${"AB"[i]}: ${trainedGroupsText(nInTrainedGroups)}`],
    ),
  ];
  const isDefined = ({ difference }: Difference) => !Number.isNaN(difference);
  const rows = measuresOf(task)
    .filter(({ name }) => isDefined(differences[name]))
    .map(({ name, title, of, higherIsBetter }) => {
      const show = higherIsBetter ? percent : fixed;
      const { interval } = differences[name];
      return [
        title,
        show(of(first)),
        show(of(other)),
        signed(differences[name].difference, higherIsBetter),
        interval === null ? "none" : interval.map((end) => signed(end, higherIsBetter)).join(" to "),
      ];
    });
  const body = table([["", "A", "B", "A - B", "95 % interval of A - B"], ...rows]);
  const { name, title } = mainMeasure(task);
  const notes = sampleNotes(first).filter((note) => sampleNotes(other).includes(note));
  const parts = [header.join("\n"), body, notes.map(visibleLine).join("\n")].filter((text) => text !== "");
  return [...parts, `${title}: ${conclusion(differences[name], first.nGroups)}`].join("\n\n");
}

const fixed = (value: number) => value.toFixed(3);

/** A difference with its sign: of fractions in points of a percentage, of other measures as it is. */
function signed(value: number, isFraction: boolean): string {
  const text = isFraction ? (100 * value).toFixed(1) : value.toFixed(3);
  return value > 0 ? `+${text}` : text;
}

/** What a paired difference says about which of A and B is better. */
function conclusion(difference: Difference, nGroups: number): string {
  const verdict = verdictOn(difference, nGroups);
  if (verdict === "too few groups")
    return `${counted(nGroups, "group")} of clips cannot tell which is better, ${FEWEST_GROUPS} might`;
  if (verdict === "not defined") return "it is not defined on these clips";
  if (verdict === "may be chance")
    return "these clips do not tell which is better; the interval of the difference contains 0";
  return `${verdict === "higher" ? "A" : "B"} is better; the interval of the difference does not contain 0`;
}
