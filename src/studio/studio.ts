import { html, nothing, render, type TemplateResult } from "lit-html";
import { choicesView } from "./choices-view.js";
import { classesView } from "./class-view.js";
import "./player-element.js";
import { problemLine } from "./problem-line.js";
import { quietZod } from "./quiet-zod.js";
import { onRedraw, redraw } from "./redraw.js";
import { resultView } from "./result-view.js";
import { runView } from "./run-view.js";
import { OneSound } from "./sound-button.js";
import { TagState } from "./tag-state.js";
import { tagView } from "./tag-view.js";
import "./timeline-element.js";
import { TrainPage } from "./train-page.js";
import { TrainState } from "./train-state.js";

quietZod();
// A file that is dropped beside a place for it would be opened in place of this page.
for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());

const TABS = { tag: "Tag sounds", train: "Train a model" } as const;
let shown: keyof typeof TABS = "tag";
const tagging = new TagState();
const train = await openTrainPage();

const root = document.querySelector<HTMLElement>("#studio")!;
root.replaceChildren();
onRedraw(() => render(page(), root));
redraw();

/** The part that trains, or why there is none. */
async function openTrainPage(): Promise<TrainPage | string> {
  try {
    const training = await TrainState.open();
    if (training === null)
      return "The studio is open in another tab of this browser; close it there, and reload this page to train here.";
    return new TrainPage({ tagging, training, player: new OneSound(), showTags: () => show("tag") });
  } catch (error) {
    return `Training needs a browser that may keep data for this address, and this one does not: ${problemLine(error)}`;
  }
}

function show(name: keyof typeof TABS): void {
  shown = name;
  redraw();
}

/** Both parts stay, so that what is typed or unfolded does. */
function page(): TemplateResult {
  const names = Object.keys(TABS) as (keyof typeof TABS)[];
  return html`<main>
    <header><h1>timbrel <span class="note">studio</span></h1>
      <p class="note">Everything is computed in this page: no sound leaves your browser.</p></header>
    <div class="tabs" role="tablist" aria-label="What to do" @keydown=${moveTab}>${names.map(
      (name) => html`<button type="button" role="tab" id=${`tab-${name}`} aria-controls=${`panel-${name}`}
        aria-selected=${shown === name} tabindex=${shown === name ? 0 : -1} @click=${() => show(name)}>${TABS[name]}</button>`,
    )}</div>
    ${names.map(
      (
        name,
      ) => html`<div role="tabpanel" id=${`panel-${name}`} aria-labelledby=${`tab-${name}`} ?hidden=${shown !== name}>
        ${name === "tag" ? tagView(tagging) : typeof train === "string" ? html`<p class="problem">${train}</p>` : trainView(train)}
      </div>`,
    )}
  </main>`;
}

/** Arrow keys move between the tabs, as they do in programs. */
function moveTab({ key }: KeyboardEvent): void {
  if (key !== "ArrowLeft" && key !== "ArrowRight") return;
  show(shown === "tag" ? "train" : "tag");
  document.getElementById(`tab-${shown}`)?.focus();
}

function trainView(page: TrainPage): TemplateResult {
  const { result } = page.training.runs;
  return html`${classesView(page)}${choicesView(page)}${runView(page)}
    ${result === null ? nothing : resultView(page, result)}
    <p><button type="button" @click=${() => startOver(page)}>Start over…</button>
      <span class="note">The browser keeps classes, examples and the model for this address, also when the page is closed.</span></p>`;
}

function startOver(page: TrainPage): void {
  if (confirm("Forget all classes, examples and the model?")) void page.clear();
}
