import { html, nothing, type TemplateResult } from "lit-html";
import { unsafeHTML } from "lit-html/directives/unsafe-html.js";
import { epochCharts } from "../report/epoch-charts.js";
import { diagnosisText, remedyTexts } from "../report/gradient-flow.js";
import { percent } from "../report/table.js";
import { layerCharts } from "../report/watch-page.js";
import { trainConfig } from "../training/config.js";
import { diagnose } from "../training/gradient-flow.js";
import { settingsOf } from "./choices.js";
import type { SavedRun } from "./saved.js";
import type { Studio } from "./studio-parts.js";
import type { Activity } from "./train-state.js";

type Running = Exclude<Activity, { kind: "adding" }>;

/** The run: what starts and stops it, how it goes, and the health of its gradients. */
export function runView(studio: Studio): TemplateResult {
  const { training } = studio;
  const { run, activity, findings, runNotice, runProblem } = training;
  const isRunning = activity !== null && activity.kind !== "adding";
  return html`<section aria-labelledby="run"><h2 id="run">3. Training</h2>
    <div class="row">${buttons(studio)}</div>
    <p class="notice" role="status">${isRunning ? activityText(activity) : runNotice}</p>
    ${isRunning ? progressOf(activity) : nothing}
    ${findings.length === 0 ? nothing : html`<ul>${findings.map((finding) => html`<li>${finding}</li>`)}</ul>`}
    ${runProblem === "" ? nothing : html`<p class="problem" role="alert">${runProblem}</p>`}
    ${run === null ? nothing : charts(run)}
  </section>`;
}

function buttons({ training, start }: Studio): TemplateResult {
  const { run, activity } = training;
  const isRunning = activity !== null && activity.kind !== "adding";
  if (isRunning) return html`<button type="button" @click=${() => training.stop()}>Stop</button>`;
  const isOff = activity !== null || training.recording !== null || training.examples.length === 0;
  const train = html`<button type="button" class="main" ?disabled=${isOff} @click=${() => training.train(start)}>
    ${run === null ? "Train" : "Train anew"}</button>`;
  if (run === null || run.test !== null) return train;
  const { history, choices } = run;
  return html`${
    history.length < choices.epochs
      ? html`<button type="button" class="main" ?disabled=${isOff} @click=${() => training.resume("to the end")}>
          Resume after epoch ${history.length} of ${choices.epochs}</button>`
      : nothing
  }<button type="button" ?disabled=${isOff} @click=${() => training.resume("end now")}>Take epoch ${run.bestEpoch}, the best so far</button>${train}`;
}

function activityText(activity: Running): string {
  switch (activity.kind) {
    case "features":
      return `Computing features: ${activity.done + 1} of ${activity.total}`;
    case "starting":
      return "Starting…";
    case "scoring":
      return "Calibrating and scoring the best epoch…";
    case "training": {
      const { step, epochs, left } = activity;
      const { epoch, step: number, stepsPerEpoch, loss } = step;
      const end = left === "" ? "" : `, ${left}`;
      return `Epoch ${epoch} of ${epochs}, step ${number} of ${stepsPerEpoch}: loss ${loss.toPrecision(3)}${end}`;
    }
  }
}

function progressOf(activity: Running): TemplateResult | typeof nothing {
  if (activity.kind === "training")
    return html`<progress max="1" .value=${activity.done} aria-label="Progress of the training"></progress>`;
  if (activity.kind === "features")
    return html`<progress max=${activity.total} .value=${activity.done} aria-label="Progress of the files"></progress>`;
  return html`<progress aria-label="Progress"></progress>`;
}

function charts(run: SavedRun): TemplateResult {
  const { history, bestEpoch, counts, parameterCount, startName } = run;
  const best = history[bestEpoch - 1];
  return html`<p>${counts.train} examples to train on, ${counts.valid} to choose the best epoch by, ${counts.test} for the score at the end; ${parameterCount.toLocaleString("en")}
      weights, ${startName === null ? "drawn" : `from ${startName}`}. Best epoch: ${bestEpoch} of ${history.length}, with a balanced accuracy of
      ${percent(best.score)} on the clips that choose it.</p>
    ${unsafeHTML(chartsOf(run))}
    ${health(run)}`;
}

let drawn: { run: SavedRun; markup: string } | undefined;

/** The charts of a run, which take a tenth of a second to draw. */
function chartsOf(run: SavedRun): string {
  if (drawn?.run !== run) {
    const epochs = { task: "single-label", history: run.history, bestEpoch: run.bestEpoch } as const;
    const [activationGradient, weightGradient, update, deviation, ...others] = layerCharts(epochs);
    const [loss, score, rate] = epochCharts(epochs);
    const first = [loss, score, activationGradient, weightGradient, update, deviation].join("");
    const more = [...others, rate].join("");
    const markup = `<div class="figures">${first}</div><details><summary>More charts</summary><div class="figures">${more}</div></details>`;
    drawn = { run, markup };
  }
  return drawn.markup;
}

/** What ails the layers in the last epoch, and what helps. */
function health({ history, choices, startName }: SavedRun): TemplateResult {
  const diagnoses = diagnose(history.at(-1)?.layers ?? []);
  if (diagnoses.length === 0)
    return html`<p><strong>Gradients:</strong> every layer is healthy in the last epoch.</p>`;
  const { net } = trainConfig(settingsOf({ ...choices, start: "net" }));
  const remedies = startName === null ? remedyTexts(diagnoses, net).map(inWordsOfThePage) : [];
  return html`<p><strong>Gradients in the last epoch:</strong></p>
    <ul>${[...diagnoses.map(diagnosisText), ...remedies].map((text) => html`<li>${text}</li>`)}</ul>`;
}

const WORDS: Readonly<Record<string, string>> = {
  "the default `net.init`": "initial weights auto",
  "`net.activation`": "the activation",
  "`learningRate`": "learning rate",
  "`clipNorm`": "clipped gradients (on the command line)",
};

function inWordsOfThePage(text: string): string {
  return Object.entries(WORDS).reduce((changed, [setting, word]) => changed.replaceAll(setting, word), text);
}
