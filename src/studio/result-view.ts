import { html, nothing, type TemplateResult } from "lit-html";
import { counted } from "../core/counted.js";
import { percent } from "../report/table.js";
import { download } from "./downloads.js";
import { problemLine } from "./problem-line.js";
import type { Mistake, SavedResult } from "./saved.js";
import { soundButton } from "./sound-button.js";
import type { TrainPage } from "./train-page.js";

const NAME = "my-tagger";

/** What the trained model is worth, what it gets wrong, and how to use it. */
export function resultView(page: TrainPage, result: SavedResult): TemplateResult {
  const { nClips, balancedAccuracy, interval, majority, labels, mistakes } = result;
  const range =
    interval === null ? "" : ` (95 % interval ${percent(interval[0])} to ${percent(interval[1])})`;
  const { runs } = page.training;
  const isOlder = runs.running !== null || runs.run?.isOver === false;
  return html`<section aria-labelledby="result"><h2 id="result">4. The model</h2>
    ${isOlder ? html`<p class="note">This is the model of an earlier run. When the run above ends, its model takes this place.</p>` : nothing}
    <p class="answer"><strong>${percent(balancedAccuracy)}</strong> balanced accuracy on ${counted(nClips, "example")} that it has not seen${range}.
      Always answering one class gives ${percent(majority)}.</p>
    ${nClips < 10 * labels.length ? html`<p class="note">So few examples say little: with 10 of each class in the test, this number is worth more.</p>` : nothing}
    <div class="row">
      <button type="button" class="main" @click=${() => page.tryModel()}>Test it live</button>
      <button type="button" @click=${() => save(page, "model")}>Download the model (.onnx)</button>
      <button type="button" @click=${() => save(page, "waveform")}>for any ONNX Runtime (.onnx)</button>
      <button type="button" @click=${() => save(page, "hugging-face")}>for transformers.js (.zip)</button>
    </div>
    <p class="note">The first file is what timbrel opens, here, on the command line and in programs. The others read samples and hold everything up to the tags.</p>
    ${confusionTable(result)}
    ${mistakes.length === 0 ? html`<p>It makes no mistake on these.</p>` : mistakeList(page, mistakes)}
  </section>`;
}

async function save(
  { training: { runs } }: TrainPage,
  kind: "model" | "waveform" | "hugging-face",
): Promise<void> {
  try {
    if (kind === "model") return download(`${NAME}.onnx`, (await runs.model())!);
    const bytes = await runs.exported(kind, NAME);
    download(kind === "waveform" ? `${NAME}-waveform.onnx` : `${NAME}.zip`, bytes);
  } catch (error) {
    runs.say(`The file cannot be made: ${problemLine(error)}`);
  }
}

/** Number of strengths of a cell's colour. */
const STRENGTHS = 6;

function confusionTable({ labels, confusion }: SavedResult): TemplateResult {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix"><table class="confusion">
    <caption>Rows are the classes of the examples, columns the model's answers.</caption>
    <thead><tr><td></td>${labels.map((label) => html`<th scope="col">${label}</th>`)}</tr></thead>
    <tbody>${confusion.map((row, i) => {
      const total = row.reduce((sum, count) => sum + count, 0);
      const strength = (count: number) => Math.ceil((STRENGTHS * count) / Math.max(1, total));
      return html`<tr><th scope="row">${labels[i]}</th>${row.map(
        (count, j) =>
          html`<td class="${i === j ? "right" : "wrong"} strength-${strength(count)}">${count}</td>`,
      )}</tr>`;
    })}</tbody></table></div>`;
}

function mistakeList({ training, tagging, player }: TrainPage, mistakes: readonly Mistake[]): TemplateResult {
  return html`<h3>Listen to the mistakes</h3><ul class="list">${mistakes.map((mistake) => {
    const example = training.examples.all.find(({ id }) => id === mistake.exampleId);
    const text = `${mistake.label}, answered as ${mistake.answer} (${percent(mistake.probability)})`;
    if (example === undefined) return html`<li>${text}; the example was removed</li>`;
    const { path, file } = example;
    const key = `mistake ${mistake.exampleId}`;
    return html`<li>${soundButton({ player, key, name: path, file, toWav: () => tagging.toWav({ file, name: path }) })}
      <span class="name">${path}: ${text}</span></li>`;
  })}</ul>`;
}
