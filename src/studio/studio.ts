import { html, nothing, render, type TemplateResult } from "lit-html";
import { errorLine } from "../core/errors.js";
import { choicesView } from "./choices-view.js";
import { classesView } from "./class-view.js";
import "./player-element.js";
import { quietZod } from "./quiet-zod.js";
import { onRedraw, redraw } from "./redraw.js";
import { resultView } from "./result-view.js";
import { runView } from "./run-view.js";
import { Studio } from "./studio-parts.js";
import { tagView } from "./tag-view.js";
import "./timeline-element.js";
import { TrainState } from "./train-state.js";

quietZod();
const root = document.querySelector<HTMLElement>("#studio")!;
try {
  const studio = new Studio(await TrainState.open());
  root.replaceChildren();
  onRedraw(() => render(page(studio), root));
  redraw();
} catch (error) {
  root.textContent = `The studio cannot start in this browser: ${errorLine(error)}. It needs a recent browser that may keep data for this address.`;
}

function page(studio: Studio): TemplateResult {
  return html`<main>
    <header><h1>timbrel <span class="note">studio</span></h1>
      <p class="note">Everything is computed in this page: no sound leaves your browser.</p></header>
    <div class="tabs" role="tablist" aria-label="What to do" @keydown=${(event: KeyboardEvent) => moveTab(studio, event)}>
      ${tab(studio, "tag", "Tag sounds")}${tab(studio, "train", "Train a model")}
    </div>
    <div role="tabpanel" id=${`panel-${studio.tab}`} aria-labelledby=${`tab-${studio.tab}`}>
      ${studio.tab === "tag" ? tagView(studio.tagging) : trainView(studio)}
    </div>
  </main>`;
}

function tab(studio: Studio, name: Studio["tab"], title: string): TemplateResult {
  return html`<button type="button" role="tab" id=${`tab-${name}`} aria-controls=${`panel-${name}`} aria-selected=${studio.tab === name}
    tabindex=${studio.tab === name ? 0 : -1} @click=${() => studio.show(name)}>${title}</button>`;
}

/** Arrow keys move between the tabs, as they do in programs. */
function moveTab(studio: Studio, { key }: KeyboardEvent): void {
  if (key !== "ArrowLeft" && key !== "ArrowRight") return;
  studio.show(studio.tab === "tag" ? "train" : "tag");
  document.getElementById(`tab-${studio.tab}`)?.focus();
}

function trainView(studio: Studio): TemplateResult {
  const { training } = studio;
  if (training.isOpenElsewhere)
    return html`<p class="problem">The studio is open in another tab of this browser; close it there, and reload this page to train here.</p>`;
  const test = training.run?.test ?? null;
  return html`${classesView(studio)}${choicesView(studio)}${runView(studio)}
    ${test === null || training.isBusy ? nothing : resultView(studio, test)}
    <p><button type="button" @click=${() => startOver(studio)}>Start over…</button>
      <span class="note">The browser keeps classes, examples and the model for this address, also when the page is closed.</span></p>`;
}

function startOver({ training }: Studio): void {
  if (confirm("Forget all classes, examples and the model?")) void training.clear();
}
