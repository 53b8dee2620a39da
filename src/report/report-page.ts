import { trainedText, weightsText } from "../evaluation/chose.js";
import type { ClipMedia } from "./clip-media.js";
import { type Html, html } from "./html.js";
import { htmlPage } from "./html-page.js";
import type { Report } from "./report.js";
import { calibrationSection } from "./sections/calibration.js";
import { classesSection } from "./sections/classes.js";
import { curvesSection } from "./sections/curves.js";
import { dataSection } from "./sections/data.js";
import { groupsSection } from "./sections/groups.js";
import { mistakesSection } from "./sections/mistakes.js";
import { resultSection } from "./sections/result.js";
import { unknownSection } from "./sections/unknown.js";
import { worstClipsSection } from "./sections/worst-clips.js";

/**
 * Renders a report as one self-contained HTML page.
 * @param media pictures and audio of the worst clips, by audio hash
 */
export function reportPage(report: Report, media: ReadonlyMap<string, ClipMedia>): string {
  const sections = [
    resultSection(report),
    classesSection(report),
    mistakesSection(report),
    worstClipsSection(report, media),
    groupsSection(report),
    calibrationSection(report),
    unknownSection(report),
    curvesSection(report),
    dataSection(report),
  ];
  return htmlPage({
    title: `Report on ${report.model}`,
    head: head(report),
    sections: sections.filter((section) => section !== null),
  });
}

function head({ model, data, labels, command, training, parts }: Report): Html {
  const entries = [
    [
      "model",
      html`<code>${model}</code>, ${weightsText(training)}, trained on ${trainedText(parts[0].chose)}`,
    ],
    ["data", html`<code>${data}</code>`],
    ["labels", html`${labels.length}`],
    [
      "hashes",
      html`split <code>${training.splitHash}</code>, front end <code>${training.frontEndHash}</code>`,
    ],
    ["command", html`<code>${command}</code>`],
  ].map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`);
  return html`<dl>${entries}</dl>`;
}
