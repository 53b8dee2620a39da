import { type Html, html } from "../../report/html.js";
import { htmlPage } from "../../report/html-page.js";
import type { LabResult } from "../results.js";
import { batchNormSection } from "./batch-norm.js";
import { gradientFlowSection } from "./gradient-flow.js";
import { initializationSection } from "./initialization.js";
import { inputNormalizationSection } from "./input-normalization.js";
import { optimizationSection } from "./optimization.js";

/**
 * Renders the lab's results as one self-contained HTML page.
 * @param command the shell command that repeats this run
 */
export function labPage(result: LabResult, command: string): string {
  return htmlPage({
    title: "Training, measured on your data",
    head: head(result, command),
    sections: [
      gradientFlowSection(result.gradientFlow),
      inputNormalizationSection(result.inputNormalization, result.data),
      initializationSection(result.initialization),
      batchNormSection(result.batchNorm, result.data),
      optimizationSection(result.optimization),
    ],
  });
}

function head({ store, isQuick, seed, data }: LabResult, command: string): Html {
  const entries = [
    ["feature store", html`<code>${store}</code>`],
    ["clips", html`${data.nTrain} training, ${data.nValid} validation, ${data.nTest} test`],
    ["labels", html`${data.labels.length}: ${data.labels.join(", ")}`],
    ["score", html`${data.measure}, higher is better`],
    ["run", isQuick ? html`quick` : html`full`],
    ["seed", html`${seed}`],
    ["hashes", html`split <code>${data.splitHash}</code>, front end <code>${data.frontEndHash}</code>`],
    ["command", html`<code>${command}</code>`],
  ].map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`);
  return html`<p>Five experiments on what makes a net learn. Every figure and every finding on this page is computed from one
run on the data below. The numbers behind a figure unfold under it.</p>
<dl>${entries}</dl>`;
}
