import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { counted } from "../core/counted.js";
import { dropZone } from "./drop-zone.js";
import type { Adding, ExampleState } from "./example-state.js";
import type { Recording } from "./recording.js";
import type { ClassName, Example } from "./saved.js";
import { soundButton } from "./sound-button.js";
import type { TrainPage } from "./train-page.js";
import type { TrainState } from "./train-state.js";

/** The classes with their examples. */
export function classesView(page: TrainPage): TemplateResult {
  const { training } = page;
  const { classes, all, adding, notice, unread } = training.examples;
  const hasFolders = all.some(({ path, group }) => path.includes("/") && group === "");
  return html`<section aria-labelledby="classes">
    <h2 id="classes">1. Examples</h2>
    <p class="note">At least 3 examples of each class; 20 are a beginning. Recordings of one thing, such as takes of one instrument or pieces of one
      song, belong to one group: then the score says what the model knows of others.</p>
    ${dropZone({
      label: "Drop a folder for each class here, or a folder of such folders",
      onFiles: (files) => page.add(files, null),
      isOff: training.isBusy,
      takesFiles: false,
      more: html`<button type="button" id="add-class" ?disabled=${training.isBusy}
        @click=${() => training.examples.addClass()}>Add a class</button>`,
    })}
    <p class="notice" role="status">${notice}</p>
    ${adding === null ? nothing : addingView(training, adding)}
    ${unread.length === 0 ? nothing : unreadList(unread)}
    ${repeat(
      classes,
      ({ id }) => id,
      (each) => classView(page, each),
    )}
    ${
      hasFolders
        ? html`<p><button type="button" ?disabled=${training.isBusy} @click=${() => training.examples.groupByFolder()}>
            Make every folder below a class one group</button></p>`
        : nothing
    }
  </section>`;
}

function addingView(training: TrainState, { done, total, name, left }: Adding): TemplateResult {
  return html`<p class="note">Reading ${Math.min(done + 1, total)} of ${total}: ${name}${left && `, ${left}`}</p>
    <progress max=${total} .value=${done} aria-label="Progress of the files"></progress>
    <p><button type="button" @click=${() => training.stop()}>Stop</button></p>`;
}

function unreadList(unread: readonly string[]): TemplateResult {
  return html`<div role="alert"><p class="problem">${counted(unread.length, "file")} cannot be read or kept:</p>
    <ul class="list">${unread.map((line) => html`<li class="problem">${line}</li>`)}</ul></div>`;
}

function classView(page: TrainPage, each: ClassName): TemplateResult {
  const { training } = page;
  const { examples, isBusy } = training;
  const own = examples.of(each);
  const { recording, isAsking } = examples;
  const isRecording = recording?.classId === each.id;
  return html`<div class="class">
    <div class="row">
      <label>Class <input type="text" maxlength="100" .value=${each.name} ?disabled=${isBusy}
        @change=${(event: Event) => rename(examples, each, event.target as HTMLInputElement)}></label>
      <span class="note">${countText(own)}</span>
      <button type="button" class="remove" aria-label=${`Remove the class ${each.name}`} ?disabled=${isBusy || isRecording}
        @click=${() => removeClass(page, each, own)}>×</button>
    </div>
    ${dropZone({
      label: `Drop examples of ${each.name} here`,
      of: each.name,
      onFiles: (files) => page.add(files, each),
      isOff: isBusy,
      more: html`<button type="button" class=${isRecording ? "recording" : ""} @click=${() => page.toggleRecording(each)}
        ?disabled=${isBusy || isAsking || (recording !== null && !isRecording)}>${isRecording ? "Stop recording" : "Record"}
        <span class="hidden">${each.name}</span></button>`,
    })}
    ${isRecording ? recordingView(recording.recording) : nothing}
    ${own.length === 0 ? nothing : exampleList(page, each, own)}
  </div>`;
}

/** How many examples there are, how long they are, and how many of them are odd. */
function countText(examples: readonly Example[]): string {
  const sec = examples.reduce((sum, { durationSec }) => sum + durationSec, 0);
  const nOdd = examples.filter(({ warnings }) => warnings.length > 0).length;
  return [
    counted(examples.length, "example"),
    examples.length > 0 ? `, ${durationText(sec)}` : "",
    nOdd > 0 ? `; ${nOdd} with a warning, see below` : "",
  ].join("");
}

/** Names a class, and shows the name that it then has. */
function rename(examples: ExampleState, { id }: ClassName, input: HTMLInputElement): void {
  examples.rename(id, input.value);
  input.value = examples.classes.find((each) => each.id === id)!.name;
}

/** How long a recording is, and how loud it is now: half of the meter is 30 dB below the loudest. */
function recordingView(recording: Recording): TemplateResult {
  const level = Math.max(0, 1 + Math.log10(Math.max(1e-9, recording.level)) / 3);
  return html`<p class="row">Recording: ${recording.durationSec.toFixed(1)} s
    <progress class="level" max="1" .value=${level} aria-label="Level of the sound"></progress></p>`;
}

function removeClass(page: TrainPage, each: ClassName, own: readonly Example[]): void {
  const { training } = page;
  if (own.length > 0 && !confirm(`Remove ${each.name} and its ${counted(own.length, "example")}?`)) return;
  if (own.length > 0 && !mayRemove(training)) return;
  void training.examples.removeClass(each);
  document.getElementById("add-class")?.focus(); // the button that had the focus is gone
}

function removeExample({ training }: TrainPage, example: Example): void {
  if (mayRemove(training)) void training.examples.remove([example]);
}

/** Asks before examples are removed that a stopped run needs, and forgets the run. */
function mayRemove({ runs }: TrainState): boolean {
  if (runs.run === null || runs.run.isOver) return true;
  const mayGo = confirm("The stopped run cannot go on without this. Remove it, and forget the run?");
  if (mayGo) void runs.forgetRun();
  return mayGo;
}

function exampleList(page: TrainPage, each: ClassName, own: readonly Example[]): TemplateResult {
  const { training, player, tagging } = page;
  return html`<details><summary>Examples of ${each.name}</summary><ul class="list">${repeat(
    own,
    ({ id }) => id,
    (example) => {
      const { id, path, file, group, split, durationSec, warnings } = example;
      const facts = [durationText(durationSec), ...(split === null ? [] : [split]), ...warnings].join("; ");
      return html`<li>
        ${soundButton({ player, key: id, name: path, file, toWav: () => tagging.toWav({ file, name: path }) })}
        <span class="name">${path} <span class="note">${facts}</span></span>
        <input type="text" class="group" placeholder="group" aria-label=${`Group of ${path}; empty if it is a group by itself`} .value=${group}
          ?disabled=${training.isBusy} @change=${(event: Event) => training.examples.setGroup(id, (event.target as HTMLInputElement).value)}>
        <button type="button" class="remove" aria-label=${`Remove ${path}`} ?disabled=${training.isBusy}
          @click=${() => removeExample(page, example)}>×</button>
      </li>`;
    },
  )}</ul></details>`;
}

/** A length such as `12.3 s` or `4 min`. */
function durationText(sec: number): string {
  return sec < 120 ? `${sec.toFixed(1)} s` : `${Math.round(sec / 60)} min`;
}
