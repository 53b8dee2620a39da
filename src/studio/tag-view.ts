import { html, nothing, type TemplateResult } from "lit-html";
import { live as liveValue } from "lit-html/directives/live.js";
import { ref } from "lit-html/directives/ref.js";
import { percent } from "../report/table.js";
import {
  audacityLabels,
  EVENTS_CSV_HEAD,
  eventsCsv,
  ravenTable,
  taggingCsv,
  taggingCsvHead,
  taggingJson,
} from "../report/tagging-files.js";
import type { Tagging } from "../tagging/tagger.js";
import type { Tag } from "../tagging/tags.js";
import { download } from "./downloads.js";
import { dropZone } from "./drop-zone.js";
import type { PlayerElement } from "./player-element.js";
import type { Sound, TagState } from "./tag-state.js";
import type { ModelFacts } from "./tagging-work.js";

/** Number of tags with a bar, and of events in the table. */
const [TOP, MOST_EVENTS] = [5, 100];

/** The part of the page that tags sounds. */
export function tagView(state: TagState): TemplateResult {
  const { sounds, selected, live, opened, notice, isAsking } = state;
  const facts = opened?.facts ?? null;
  return html`
    ${modelChoice(state)}
    ${dropZone({
      label: "Drop audio files or a folder here",
      onFiles: (files) => state.add(files),
      more: html`<button type="button" class=${live ? "recording" : ""} ?disabled=${isAsking} @click=${() => state.toggleMicrophone()}>
        ${live ? "Stop the microphone" : "Use the microphone"}
      </button>`,
    })}
    <p class="notice" role="status">${notice}</p>
    ${live !== null && facts !== null ? liveView(live, facts) : nothing}
    ${sounds.length === 0 ? nothing : soundList(state)}
    ${live === null && selected !== null && facts !== null ? soundView(selected, facts, state) : nothing}
  `;
}

function modelChoice(state: TagState): TemplateResult {
  const { models, opened, opening } = state;
  const shown = (opening ?? opened?.model)?.name;
  return html`<div class="row">
    <label>Model
      <select @change=${(event: Event) => state.useModel(models[(event.target as HTMLSelectElement).selectedIndex])}>
        ${models.map((each) => html`<option .selected=${liveValue(each.name === shown)}>${each.name}</option>`)}
      </select>
    </label>
    <label class="button">Open a model…
      <input type="file" accept=".onnx" @change=${(event: Event) => openModel(state, event.target as HTMLInputElement)}>
    </label>
    <span class="note">${opening !== null ? "opening…" : opened === null ? "no model is open" : labelsText(opened.facts)}</span>
  </div>`;
}

async function openModel(state: TagState, input: HTMLInputElement): Promise<void> {
  const [file] = input.files ?? [];
  input.value = "";
  if (file) state.useModel({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
}

function labelsText({ labels }: ModelFacts): string {
  const named = labels.slice(0, 12).join(", ");
  return `knows ${labels.length} labels: ${named}${labels.length > 12 ? ", …" : ""}`;
}

function soundList(state: TagState): TemplateResult {
  return html`<ul class="list" aria-label="Sounds">${state.sounds.map(
    (sound) => html`<li class=${sound === state.selected ? "selected" : ""}>
      <button type="button" class="plain" aria-pressed=${sound === state.selected} @click=${() => state.select(sound)}>
        <span class="name">${sound.name}</span> <span class="note">${soundText(sound)}</span>
      </button>
      <button type="button" class="remove" aria-label="Remove ${sound.name}" @click=${() => state.remove(sound)}>×</button>
    </li>`,
  )}</ul>`;
}

function soundText({ status, progress, left, answer, problem }: Sound): string {
  if (status === "failed") return problem;
  if (status === "waiting") return "waiting";
  if (status === "working")
    return progress === null ? "tagging…" : `tagging, ${percent(progress)}${left && `, ${left}`}`;
  return answerText(answer!.tagging);
}

/** The answer in a few words. */
export function answerText({
  isUnknown,
  warnings,
  tags,
}: Pick<Tagging, "isUnknown" | "tags"> & Partial<Pick<Tagging, "warnings">>): string {
  if (isUnknown)
    return warnings?.some(({ code }) => code === "silent")
      ? "unknown: it is silent"
      : "unknown: unlike the training sounds";
  const present = tags.filter(({ isPresent }) => isPresent);
  if (present.length === 0) return "no tag reaches its threshold";
  return present.map(({ label, probability }) => `${label} ${percent(probability)}`).join(", ");
}

function liveView({ recording, heard }: NonNullable<TagState["live"]>, facts: ModelFacts): TemplateResult {
  if (heard === null) return html`<p>Listening…</p>`;
  const { answer, startSec } = heard;
  const now = answer.tagging.segments.at(-1) ?? answer.tagging;
  return html`<section aria-label="What the microphone hears">
    <p class="answer"><strong>${answerText(now)}</strong>
      <span class="note">${recording.durationSec.toFixed(1)} s recorded</span></p>
    <studio-timeline .view=${{ answer, facts, startSec, name: "the microphone" }}></studio-timeline>
    ${tagBars(now.tags)}
  </section>`;
}

function soundView(sound: Sound, facts: ModelFacts, state: TagState): TemplateResult {
  const { name, file, answer, status, problem } = sound;
  if (status === "failed")
    return html`<section aria-label=${name}><h2>${name}</h2><p class="problem">${problem}</p></section>`;
  if (answer === null) return html`<p>${soundText(sound)}</p>`;
  const { tagging } = answer;
  return html`<section aria-label=${name}>
    <h2>${name} <span class="note">${tagging.durationSec.toFixed(1)} s</span></h2>
    <p class="answer" role="status"><strong>${answerText(tagging)}</strong></p>
    ${tagging.warnings.map(({ message }) => html`<p class="problem">${message}</p>`)}
    <studio-timeline .view=${{ answer, facts, name }} .player=${state.player}></studio-timeline>
    <studio-player ${ref((player) => state.usePlayer((player as PlayerElement | undefined)?.audio))}
      .playable=${{ file, name, toWav: () => state.toWav(sound) }}></studio-player>
    ${tagBars(tagging.tags)}
    ${downloads(sound, tagging, facts)}
    ${eventTable(tagging)}
  </section>`;
}

/** The most probable tags with bars. */
function tagBars(tags: readonly Tag[]): TemplateResult {
  return html`<table class="bars"><caption class="hidden">Most probable tags</caption><tbody>${tags
    .slice(0, TOP)
    .map(
      ({ label, probability, isPresent }) => html`<tr class=${isPresent ? "present" : ""}>
      <th scope="row">${label}</th><td class="number">${percent(probability)}</td>
      <td><progress max="1" .value=${probability} aria-hidden="true"></progress></td>
    </tr>`,
    )}</tbody></table>`;
}

function downloads({ name }: Sound, tagging: Tagging, { labels, frontEnd }: ModelFacts): TemplateResult {
  const stem = name.replace(/.*\//, "").replace(/\.[^.]*$/, "");
  const lines = (rows: readonly string[]) => `${rows.join("\n")}\n`;
  const all = { top: labels.length, segments: true, events: true };
  const files: readonly [title: string, ending: string, text: () => string][] = [
    ["labels for Audacity", ".txt", () => lines(audacityLabels(tagging))],
    ["table for Raven", ".selections.txt", () => lines(ravenTable(name, tagging, frontEnd))],
    ["events as CSV", ".events.csv", () => lines([EVENTS_CSV_HEAD, ...eventsCsv(name, tagging)])],
    [
      "segments as CSV",
      ".segments.csv",
      () => lines([taggingCsvHead(labels), ...taggingCsv(name, tagging, { labels, segments: true })]),
    ],
    ["all as JSON", ".json", () => `${taggingJson(name, tagging, all)}\n`],
  ];
  return html`<p class="row">Download: ${files.map(
    ([title, ending, text]) =>
      html`<button type="button" @click=${() => download(stem + ending, text(), "text/plain")}>${title}</button>`,
  )}</p>`;
}

function eventTable({ events }: Tagging): TemplateResult {
  const rest = events.length - MOST_EVENTS;
  return html`<details><summary>Where the tags are: ${events.length} ${events.length === 1 ? "event" : "events"}</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Events"><table>
      <thead><tr><th scope="col">label</th><th scope="col">from [s]</th><th scope="col">to [s]</th><th scope="col">probability</th></tr></thead>
      <tbody>${events.slice(0, MOST_EVENTS).map(
        ({ startSec, endSec, label, probability }) => html`<tr><th scope="row">${label}</th>
          <td>${startSec.toFixed(2)}</td><td>${endSec.toFixed(2)}</td><td>${percent(probability)}</td></tr>`,
      )}</tbody></table></div>
    ${rest > 0 ? html`<p class="note">${rest} more are in the downloads.</p>` : nothing}
  </details>`;
}
