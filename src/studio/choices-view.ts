import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import type { WebDevice } from "../runtime/web.js";
import { type Choices, RATE_SAYS, SWITCHES, type Switch, usualRate } from "./choices.js";
import type { TrainPage } from "./train-page.js";

/** The settings of a run. */
export function choicesView(page: TrainPage): TemplateResult {
  const { training, tagging } = page;
  const { runs, isBusy } = training;
  const { choices } = runs;
  const startsFromModel = choices.start === "model";
  const startAt = startsFromModel ? page.startIndex : tagging.models.length;
  const switches = SWITCHES.filter(({ isModels }) => !(startsFromModel && isModels));
  return html`<section aria-labelledby="settings"><h2 id="settings">2. Settings</h2>
    <div class="row">
      <label>Begin with
        <select ?disabled=${isBusy} @change=${(event: Event) => page.startFrom((event.target as HTMLSelectElement).selectedIndex)}>
          ${tagging.models.map(({ name }, i) => html`<option .selected=${live(i === startAt)}>the model: ${name}</option>`)}
          <option .selected=${live(!startsFromModel)}>a new net</option>
        </select></label>
      <label>Epochs <input type="number" min="1" max="1000" step="1" required .value=${String(choices.epochs)} ?disabled=${isBusy}
        @change=${(event: Event) => chooseNumber(page, event, "epochs")}></label>
      ${runs.hasWebGpu ? deviceChoice(page) : nothing}
    </div>
    <p class="note">${
      startsFromModel
        ? "A model knows sounds already: from it, a few examples are enough. Its net and normalization come with it; a new net shows all switches."
        : "A new net knows nothing: it needs more examples and epochs, and every part of it can be switched."
    }</p>
    <details ?open=${!startsFromModel}><summary>Switches of the lecture</summary>
      <div class="switches">
        ${switches.map((each) => switchView(page, each))}
        ${rateView(page)}
      </div>
    </details>
  </section>`;
}

function switchView({ training }: TrainPage, { name, title, values, says }: Switch): TemplateResult {
  const { runs, isBusy } = training;
  const change = (event: Event) =>
    runs.choose({ [name]: (event.target as HTMLSelectElement).value } as Partial<Choices>);
  return html`<div><label>${title} <select ?disabled=${isBusy} aria-describedby=${`says-${name}`} @change=${change}>${values.map(
    (value) => html`<option value=${value} .selected=${live(value === runs.choices[name])}>${value}</option>`,
  )}</select></label><p class="note" id=${`says-${name}`}>${says}</p></div>`;
}

function rateView(page: TrainPage): TemplateResult {
  const { runs, isBusy } = page.training;
  const { choices } = runs;
  return html`<div><label>Learning rate <input type="number" min="0" step="any" placeholder=${`${Number(usualRate(choices).toPrecision(2))}`}
    .value=${choices.learningRate === null ? "" : String(choices.learningRate)} ?disabled=${isBusy} aria-describedby="says-rate"
    @change=${(event: Event) => chooseNumber(page, event, "learningRate")}></label>
    <p class="note" id="says-rate">${RATE_SAYS}</p></div>`;
}

function deviceChoice({ training }: TrainPage): TemplateResult {
  const names: Readonly<Record<WebDevice, string>> = {
    webgpu: "the graphics card (WebGPU)",
    wasm: "the processor",
  };
  return html`<label>Compute on <select ?disabled=${training.isBusy}
    @change=${(event: Event) => training.runs.computeOn((event.target as HTMLSelectElement).value as WebDevice)}>${Object.entries(
      names,
    ).map(
      ([device, name]) =>
        html`<option value=${device} .selected=${live(device === training.runs.device)}>${name}</option>`,
    )}</select></label>`;
}

/** Takes a number over, unless the browser finds it wrong: then it says so, and the field shows the last one again. */
function chooseNumber(
  { training: { runs } }: TrainPage,
  event: Event,
  name: "epochs" | "learningRate",
): void {
  const input = event.target as HTMLInputElement;
  const isWrong =
    !input.reportValidity() || (name === "learningRate" && input.value !== "" && input.valueAsNumber <= 0);
  if (isWrong) {
    runs.say(
      name === "epochs"
        ? "Epochs must be a whole number from 1 to 1000."
        : "The learning rate must be above 0.",
    );
    input.value = String(runs.choices[name] ?? "");
    return;
  }
  runs.choose({ [name]: input.value === "" ? null : input.valueAsNumber });
}
