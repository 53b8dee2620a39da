import { basename, dirname } from "node:path";
import { counted } from "../core/counted.js";
import { choosingSentences } from "../evaluation/chose.js";
import { mainMeasure } from "../evaluation/measures.js";
import type { NormalizeConfig } from "../training/config.js";
import type { Report, ReportPart } from "./report.js";
import { definedMeasures, headlineInterval, meaning } from "./sections/result.js";
import { unknownAnswers } from "./sections/unknown.js";
import {
  BEFORE_MEAN,
  capital,
  durationText,
  intervalText,
  measureText,
  partTitle,
  startSentence,
} from "./sections/words.js";

/** Names that the Hugging Face Hub has for measures; the others go by their own, with underscores. */
const HUB_NAMES: Readonly<Record<string, string>> = {
  macroF1: "f1",
  macroPrecision: "precision",
  macroRecall: "recall",
};

/**
 * Writes a model card: Markdown that says what a model does and how well, with the front matter of the Hugging Face Hub,
 * whose `model-index` holds the scores on clips that the model has not seen; if there are none, its names say so.
 *
 * Reference: https://huggingface.co/docs/hub/model-cards#evaluation-results
 */
export function modelCard(report: Report): string {
  const { labels, task, summary } = report;
  const name = modelName(report.model);
  const [main] = report.parts;
  const start = startSentence(report);
  const measure = mainMeasure(task);
  const nClips = summary.total.reduce((sum, total) => sum + total.nClips, 0);
  const seconds = summary.total.reduce((sum, total) => sum + total.seconds, 0);
  const kind = task === "single-label" ? "one label a clip" : "any number of labels a clip";
  return `${frontMatter(report, name)}
# ${plain(name)}

Tags audio with ${counted(labels.length, "label")} (${kind}): ${labels.map(plain).join(", ")}.

A net trained with timbrel. \`${basename(report.model)}\` is an ONNX model: its input \`inputs\` is a
log-mel spectrogram [batch, frames, bands], its output \`probabilities\` [batch, ${labels.length}].${levelSentence(report)}

## How good it is

**${measureText(measure, measure.of(main.net))}** ${measure.title} on ${counted(main.net.nClips, "clip")} of ${partTitle(main.split)}; ${headlineInterval(main.net)}.
${meaning(main).join(" ")}

${report.parts.map(scoreTable).join("\n\n")}

${capital(choosingSentences(main.chose)[0])}.${main.uncalibrated === null ? "" : ` ${BEFORE_MEAN}`}

## Data

${counted(nClips, "clip")}, ${durationText(seconds)} in all, of which ${counted(main.chose.nTrained, "clip")} trained the model.${start === null ? "" : ` ${plain(start)}`}

## Use

\`\`\`ts
import { loadTagger } from "timbrel";

const tagger = await loadTagger("${basename(report.model)}");
const { tags } = await tagger.predict("song.wav"); // [{ label, probability }, ...], the most probable first
\`\`\`

## Limits

It knows the labels above and the kind of audio it was trained on. Its scores hold for audio of the same kind as the
scored clips; score your own clips before you rely on it. ${unknownAnswers(report)}

The model has no licence until you add one, as \`license\` in the front matter of this file.
`;
}

function levelSentence({ training: { config } }: Report): string {
  const { level } = Object(config?.["normalize"]) as Partial<NormalizeConfig>;
  return level === undefined
    ? ""
    : "\nIt brings every segment to one level first: how loud a recording is changes its answers little.";
}

/** `mine` for `models/mine/model.onnx`, `instruments` for `models/instruments.onnx`. */
function modelName(path: string): string {
  const stem = basename(path).replace(/\.onnx$/, "");
  const folder = basename(dirname(path));
  return stem === "model" && folder !== "" && folder !== "." ? folder : stem;
}

function scoreTable({ net, majority, linear, split, chose, uncalibrated }: ReportPart): string {
  const heading = [
    "",
    "net",
    "95 % interval",
    ...(uncalibrated === null ? [] : ["net, not calibrated"]),
    ...(linear === null ? [] : ["linear baseline"]),
    "majority class",
  ];
  const rows = definedMeasures(net).map((measure) => {
    const interval = net.intervals[measure.name] ?? null;
    return [
      measure.title,
      measureText(measure, measure.of(net)),
      interval === null ? "–" : intervalText(measure, interval),
      ...(uncalibrated === null ? [] : [measureText(measure, measure.of(uncalibrated))]),
      ...(linear === null ? [] : [measureText(measure, measure.of(linear))]),
      measureText(measure, measure.of(majority)),
    ];
  });
  const lines = [heading, heading.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  const [, meaning] = choosingSentences(chose);
  const title = `${capital(partTitle(split))}, ${counted(net.nClips, "clip")} in ${counted(net.nGroups, "group")} (${meaning}):`;
  return `${title}\n\n${lines.join("\n")}`;
}

function frontMatter({ data, parts }: Report, name: string): string {
  // Leader boards read these scores without the text around them.
  const tests = parts.filter(({ chose }) => chose.seenIn === null);
  const mark = tests.length === 0 ? " (not a test)" : "";
  const results = (tests.length === 0 ? parts : tests).map(({ net, split }) => {
    const metrics = definedMeasures(net).map(
      (measure) => `    - type: ${hubName(measure.name)}
      name: ${text(`${measure.title}${mark}`)}
      value: ${Number(measure.of(net).toPrecision(6))}`,
    );
    return `  - task:
      type: audio-classification
      name: Audio Classification
    dataset:
      type: ${text(slug(data))}
      name: ${text(basename(data))}
      split: ${split === "valid" ? "validation" : split}
    metrics:
${metrics.join("\n")}`;
  });
  return `---
library_name: timbrel
pipeline_tag: audio-classification
tags:
- audio
- music
- onnx
model-index:
- name: ${text(name)}
  results:
${results.join("\n")}
---
`;
}

/** A text in YAML: what JSON writes is a double-quoted scalar. */
const text = (value: string) => JSON.stringify(value);

const hubName = (measure: string) =>
  HUB_NAMES[measure] ?? measure.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const slug = (name: string) =>
  basename(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "") || "data";

/** A text that Markdown shows as it is. */
const plain = (value: string) => value.replace(/[\\`*_{}[\]<>#|~]/g, "\\$&").replace(/\s+/g, " ");
