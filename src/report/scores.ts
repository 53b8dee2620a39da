import { counted } from "../core/counted.js";
import { type LeftOut, reasonsIn } from "../evaluation/choose-clips.js";
import { choosingSentences, trainedText, weightsText } from "../evaluation/chose.js";
import type { Evaluation } from "../evaluation/evaluate-model.js";
import { sampleNotes } from "../evaluation/sample-notes.js";
import { isFittedTo, type UnknownSounds } from "../evaluation/unknown-sounds.js";
import { DEFAULT_THRESHOLD } from "../tagging/calibration.js";
import type { AnyModel } from "../tagging/open-tagger.js";
import { comparisonTable, confusionTable, differenceTable, labelTable, tagTable } from "./score-tables.js";
import { percent, table } from "./table.js";
import { visibleLine } from "./terminal.js";

/** Scores of a model and its baselines on a set of clips, with the paths of the model and the store. */
export interface ScoredModel extends Omit<Evaluation, "answers"> {
  readonly model: string;
  readonly store: string;
  readonly labels: readonly string[];
}

/** Scores as text: first the baselines and the net, then each label, then which labels are mistaken for which. */
export function scoresReport(
  scored: ScoredModel,
  { info, linearPath }: { info: AnyModel["info"]; linearPath: string },
): string {
  const { net, labels } = scored;
  const parts = [header(scored, info), comparison(scored, linearPath), differences(scored)];
  const notes = sampleNotes(net);
  if (notes.length > 0) parts.push(notes.map(visibleLine).join("\n"));
  if (net.task === "single-label") parts.push(labelTable(net, labels), confusionTable(net, labels));
  else parts.push(tagTable(net));
  if (scored.unknown !== null) parts.push(unknownTable(scored.unknown));
  return parts.join("\n\n");
}

/** What the model calls unknown. */
export function unknownTable({ limit, falseAlarms, kinds }: UnknownSounds): string {
  const rows = kinds.map(({ sound, nClips, rocAuc, unknown }) => [
    isFittedTo(sound) ? sound : `${sound} *`,
    String(nClips),
    rocAuc.toFixed(3),
    percent(unknown),
  ]);
  return [
    `unknown sounds: novelty above ${limit.toFixed(2)}; ${percent(falseAlarms)} of the scored clips are called unknown`,
    table([["sound", "clips", "ROC-AUC against the scored clips", "called unknown"], ...rows]),
    ...(kinds.every(({ sound }) => isFittedTo(sound))
      ? []
      : ["* the model is not fitted to call these unknown"]),
  ].join("\n");
}

function header(scored: ScoredModel, info: AnyModel["info"]): string {
  const { model, store, split, isExternal, leftOut, net, chose } = scored;
  const [choice, meaning] = choosingSentences(chose);
  const grouped = net.nGroups < net.nClips ? ` in ${counted(net.nGroups, "group")}` : "";
  const lines = [
    `model  ${visibleLine(model)} (${counted(info.labels.length, "label")}, ${weightsText("epoch" in info ? info : {})}, trained on ${trainedText(chose)})`,
    `       ${choice}`,
    `data   ${visibleLine(store)}, ${split === "all" ? "all" : `split ${split}:`} ${counted(net.nClips, "clip")}${grouped}`,
  ];
  if (leftOut !== null) lines.push(...leftOutLines(leftOut, net.nClips));
  else if (isExternal && chose.seenIn === null)
    lines.push("       not from the model's own splits: an external test");
  else if (isExternal)
    lines.push(
      `       the ${chose.seenIn === "valid" ? "validation clips" : "clips"} of its training that are in this store, whatever split the store names for them`,
    );
  lines.push(`       ${meaning}`);
  return lines.join("\n");
}

/** How many clips are scored, and why the others are not. */
function leftOutLines(leftOut: LeftOut, nScored: number): string[] {
  const reasons = reasonsIn(leftOut);
  const total = reasons.reduce((sum, [count]) => sum + count, nScored);
  return [
    `       ${nScored} of ${total} clips are scored; left out are`,
    ...reasons.map(([count, reason]) => `       ${String(count).padStart(6)}, since ${reason}`),
  ];
}

const nameOf = ({ kind }: ScoredModel) => (kind === "net" ? "net" : "linear baseline");

function comparison(scored: ScoredModel, linearPath: string): string {
  const { majority, linear, net, kind, uncalibrated } = scored;
  const missing = linear === null && kind === "net" ? `\nno linear baseline: ${linearPath} is missing` : "";
  const cut =
    uncalibrated?.task === "multi-label"
      ? `\nnot calibrated: the answers from a threshold of ${DEFAULT_THRESHOLD} on, for every label`
      : "";
  return `${comparisonTable([
    ["majority class", majority],
    ...(linear === null ? [] : ([["linear baseline", linear]] as const)),
    ...(uncalibrated === null ? [] : ([[`${nameOf(scored)}, not calibrated`, uncalibrated]] as const)),
    [nameOf(scored), net],
  ])}${cut}${missing}`;
}

function differences(scored: ScoredModel): string {
  const { majority, linear } = scored.differences;
  const name = nameOf(scored);
  return differenceTable(scored.net, [
    [`${name} minus majority class`, majority],
    ...(linear === null ? [] : ([[`${name} minus linear baseline`, linear]] as const)),
  ]);
}
