import { html, nothing, type TemplateResult } from "lit-html";
import { unsafeHTML } from "lit-html/directives/unsafe-html.js";
import { epochCharts, LOSSES } from "../report/epoch-charts.js";
import { diagnosisText, remedyTexts } from "../report/gradient-flow.js";
import { percent } from "../report/table.js";
import { layerCharts } from "../report/watch-page.js";
import { trainConfig } from "../training/config.js";
import { diagnose } from "../training/gradient-flow.js";
import { settingsOf } from "./choices.js";
import type { Running } from "./run-state.js";
import type { SavedRun } from "./saved.js";
import type { TrainPage } from "./train-page.js";

/** The run: what starts and stops it, how it goes, and the health of its gradients. */
export function runView(page: TrainPage): TemplateResult {
  const { runs, hasNewExamples } = page.training;
  const { run, running, findings, notice, problem } = runs;
  return html`<section aria-labelledby="run"><h2 id="run">3. Training</h2>
    <div class="row">${buttons(page)}</div>
    ${hasNewExamples && running === null ? html`<p class="note">Examples that were added since the run began are used when you train anew.</p>` : nothing}
    <p class="hidden" role="status">${running === null || run === null ? "" : epochText(run)}</p>
    <p class="notice" role=${running === null ? "status" : nothing}>${running === null ? notice : runningText(running)}</p>
    ${running === null ? nothing : progressOf(running)}
    ${findings.length === 0 ? nothing : html`<ul>${findings.map((finding) => html`<li>${finding}</li>`)}</ul>`}
    ${problem === null ? nothing : html`<p class="problem" role="alert">${problem}</p>`}
    ${run === null ? nothing : charts(run)}
  </section>`;
}

/** The first button stays the same one, so that the keyboard's focus stays on it. */
function buttons(page: TrainPage): TemplateResult {
  const { training } = page;
  const { run, running } = training.runs;
  const isOff =
    training.examples.adding !== null ||
    training.examples.recording !== null ||
    training.examples.all.length === 0;
  const isRunning = running !== null;
  const main = html`<button type="button" class=${isRunning ? "" : "main"} ?disabled=${isOff && !isRunning}
    @click=${() => (isRunning ? training.stop() : page.train())}>${isRunning ? "Stop" : run === null ? "Train" : "Train anew"}</button>`;
  if (isRunning || run === null || run.isOver) return main;
  const { history, choices } = run;
  const resume = html`<button type="button" class="main" ?disabled=${isOff} @click=${() => page.resume("to the end")}>
    Resume after epoch ${history.length} of ${choices.epochs}</button>`;
  return html`${main}${history.length < choices.epochs ? resume : nothing}
    <button type="button" ?disabled=${isOff} @click=${() => page.resume("end now")}>Take epoch ${run.bestEpoch}, the best so far</button>`;
}

function runningText(running: Running): string {
  switch (running.kind) {
    case "features":
      return `Computing features: ${running.done + 1} of ${running.total}`;
    case "starting":
      return "Starting…";
    case "scoring":
      return "Calibrating and scoring the best epoch…";
    case "training": {
      const { step, epochs, left } = running;
      const { epoch, step: number, stepsPerEpoch, loss } = step;
      const end = left === "" ? "" : `, ${left}`;
      return `Epoch ${epoch} of ${epochs}, step ${number} of ${stepsPerEpoch}: loss ${loss.toPrecision(3)}${end}`;
    }
  }
}

/** What a screen reader says after an epoch. */
function epochText({ history, choices }: SavedRun): string {
  const { epoch, score } = history.at(-1)!;
  return `Epoch ${epoch} of ${choices.epochs} is done, with a balanced accuracy of ${percent(score)}.`;
}

function progressOf(running: Running): TemplateResult {
  if (running.kind === "training")
    return html`<progress max="1" .value=${running.done} aria-label="Progress of the training"></progress>`;
  if (running.kind === "features")
    return html`<progress max=${running.total} .value=${running.done} aria-label="Progress of the files"></progress>`;
  return html`<progress aria-label="Progress"></progress>`;
}

function charts(run: SavedRun): TemplateResult {
  const { history, bestEpoch, counts, parameterCount, startName } = run;
  const best = history[bestEpoch - 1];
  return html`<p>${counts.train} examples to train on, ${counts.valid} to choose the best epoch by (valid), ${counts.test} for the score at the end;
      ${parameterCount.toLocaleString("en")} weights, ${startName === null ? "drawn" : `from ${startName}`}. Best epoch: ${bestEpoch} of ${history.length},
      with a balanced accuracy of ${percent(best.score)} on the examples that choose it.</p>
    ${unsafeHTML(chartsOf(run))}
    ${health(run)}`;
}

let drawn: { run: SavedRun; markup: string } | undefined;

/** The charts of a run, drawn once an epoch and not at every step. */
function chartsOf(run: SavedRun): string {
  if (drawn?.run !== run) {
    const epochs = { task: "single-label", history: run.history, bestEpoch: run.bestEpoch } as const;
    const [activationGradient, weightGradient, update, deviation, ...others] = layerCharts(epochs);
    const [loss, score, rate] = epochCharts(epochs);
    const first = [loss, score, activationGradient, weightGradient, update, deviation].join("");
    const more = [...others, rate].join("");
    const markup = `<div class="figures">${first}</div><details><summary>More charts</summary><div class="figures">${more}</div></details><p class="note">${LOSSES}</p>`;
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
