import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { counted } from "../core/counted.js";
import { dropZone } from "./drop-zone.js";
import type { Recording } from "./recording.js";
import type { ClassName, Example } from "./saved.js";
import { soundButton } from "./sound-button.js";
import type { Studio } from "./studio-parts.js";
import type { Activity, TrainState } from "./train-state.js";

/** The classes with their examples. */
export function classesView(studio: Studio): TemplateResult {
  const { training } = studio;
  const { classes, examples } = training;
  const hasFolders = examples.some(({ path, group }) => path.includes("/") && group === "");
  return html`<section aria-labelledby="classes">
    <h2 id="classes">1. Examples</h2>
    <p class="note">At least 3 examples of each class; 20 are a beginning. Recordings of one thing, such as takes of one instrument or pieces of one
      song, belong to one group: then the score says what the model knows of others.</p>
    ${dropZone({
      label: "Drop a folder for each class here, or a folder of such folders",
      onFiles: (files) => training.add(files, null, studio.start),
      isOff: training.isBusy,
      takesFiles: false,
      more: html`<button type="button" ?disabled=${training.isBusy} @click=${() => training.addClass()}>Add a class</button>`,
    })}
    <p class="notice" role="status">${training.activity?.kind === "adding" ? addingText(training.activity) : training.notice}</p>
    ${training.activity?.kind === "adding" ? addingView(studio, training.activity) : nothing}
    ${training.unread.length === 0 ? nothing : unreadList(training.unread)}
    ${repeat(
      classes,
      ({ id }) => id,
      (each) => classView(studio, each),
    )}
    ${
      hasFolders
        ? html`<p><button type="button" @click=${() => training.groupByFolder()}>Make every folder below a class one group</button></p>`
        : nothing
    }
  </section>`;
}

type Adding = Extract<Activity, { kind: "adding" }>;

function addingText({ done, total, name, left }: Adding): string {
  return `Reading ${Math.min(done + 1, total)} of ${total}: ${name}${left && `, ${left}`}`;
}

function addingView({ training }: Studio, { done, total }: Adding): TemplateResult {
  return html`<progress max=${total} .value=${done} aria-label="Progress of the files"></progress>
    <p><button type="button" @click=${() => training.stop()}>Stop</button></p>`;
}

function unreadList(unread: readonly string[]): TemplateResult {
  return html`<div role="alert"><p class="problem">${counted(unread.length, "file")} cannot be read:</p>
    <ul class="list">${unread.map((line) => html`<li class="problem">${line}</li>`)}</ul></div>`;
}

function classView(studio: Studio, each: ClassName): TemplateResult {
  const { training } = studio;
  const examples = training.examplesOf(each);
  const isRecording = training.recording?.classId === each.id;
  const sec = examples.reduce((sum, { durationSec }) => sum + durationSec, 0);
  return html`<div class="class">
    <div class="row">
      <label>Class <input type="text" maxlength="100" .value=${each.name} ?disabled=${training.isBusy}
        @change=${(event: Event) => rename(training, each, event.target as HTMLInputElement)}></label>
      <span class="note">${counted(examples.length, "example")}${examples.length > 0 ? `, ${durationText(sec)}` : ""}</span>
      <button type="button" class="remove" aria-label=${`Remove the class ${each.name}`} ?disabled=${training.isBusy}
        @click=${() => removeClass(studio, each, examples.length)}>×</button>
    </div>
    ${dropZone({
      label: `Drop examples of ${each.name} here`,
      onFiles: (files) => training.add(files, each, studio.start),
      isOff: training.isBusy,
      more: html`<button type="button" class=${isRecording ? "recording" : ""} @click=${() => training.toggleRecording(each, studio.start)}
        ?disabled=${training.isBusy || (training.recording !== null && !isRecording)}>${isRecording ? "Stop recording" : "Record"}</button>`,
    })}
    ${isRecording ? recordingView(training.recording!.recording) : nothing}
    ${examples.length === 0 ? nothing : exampleList(studio, each, examples)}
  </div>`;
}

/** Names a class, and shows the name that it then has. */
function rename(training: TrainState, { id }: ClassName, input: HTMLInputElement): void {
  training.rename(id, input.value);
  input.value = training.classes.find((each) => each.id === id)!.name;
}

/** How long a recording is, and how loud it is now: half of the meter is 30 dB below the loudest. */
function recordingView(recording: Recording): TemplateResult {
  const level = Math.max(0, 1 + Math.log10(Math.max(1e-9, recording.level)) / 3);
  return html`<p class="row">Recording: ${recording.durationSec.toFixed(1)} s
    <progress class="level" max="1" .value=${level} aria-label="Level of the sound"></progress></p>`;
}

function removeClass({ training }: Studio, each: ClassName, nExamples: number): void {
  if (nExamples === 0 || confirm(`Remove ${each.name} and its ${counted(nExamples, "example")}?`))
    void training.removeClass(each);
}

function exampleList(studio: Studio, each: ClassName, examples: readonly Example[]): TemplateResult {
  const { training, player, tagging } = studio;
  return html`<details><summary>Examples of ${each.name}</summary><ul class="list">${repeat(
    examples,
    ({ id }) => id,
    (example) => {
      const { id, path, file, group, durationSec, warnings } = example;
      return html`<li>
        ${soundButton({ player, key: id, name: path, file, toWav: () => tagging.toWav({ file, name: path }) })}
        <span class="name">${path} <span class="note">${durationText(durationSec)}${warnings.map((warning) => `; ${warning}`)}</span></span>
        <input type="text" class="group" placeholder="group" aria-label=${`Group of ${path}; empty if it is a group by itself`} .value=${group}
          ?disabled=${training.isBusy} @change=${(event: Event) => training.setGroup(example, (event.target as HTMLInputElement).value)}>
        <button type="button" class="remove" aria-label=${`Remove ${path}`} ?disabled=${training.isBusy}
          @click=${() => training.removeExamples([example])}>×</button>
      </li>`;
    },
  )}</ul></details>`;
}

/** A length such as `12.3 s` or `4 min`. */
function durationText(sec: number): string {
  return sec < 120 ? `${sec.toFixed(1)} s` : `${Math.round(sec / 60)} min`;
}
