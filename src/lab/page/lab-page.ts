import { type Html, html } from "../../report/html.js";
import { htmlPage } from "../../report/html-page.js";
import type { LabResult } from "../results.js";
import { batchNormSection } from "./batch-norm.js";
import { gradientFlowSection } from "./gradient-flow.js";
import { initializationSection } from "./initialization.js";
import { inputNormalizationSection } from "./input-normalization.js";
import { optimizationSection } from "./optimization.js";

/**
 * The lab's numbers as one page of HTML, with every picture and every word in it.
 * @param command what to type to run the lab again
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
    ["store", html`<code>${store}</code>`],
    ["clips", html`${data.nTrain} to train, ${data.nValid} to validate, ${data.nTest} to test`],
    ["labels", html`${data.labels.length}: ${data.labels.join(", ")}`],
    ["score", html`${data.measure}, higher is better`],
    ["extent", isQuick ? html`quick` : html`full`],
    ["seed", html`${seed}`],
    ["split, front end", html`<code>${data.splitHash}</code>, <code>${data.frontEndHash}</code>`],
    ["to repeat", html`<code>${command}</code>`],
  ].map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`);
  return html`<p>Five experiments on what makes a net learn. Every figure comes from this run on the store below, and
every sentence is computed from its numbers; under each figure its numbers unfold.</p>
<dl>${entries}</dl>`;
}
