import { counted } from "../../core/counted.js";
import type { Task } from "../../nn/training-step.js";
import type { ClipMedia } from "../clip-media.js";
import { type Html, html } from "../html.js";
import type { Section } from "../html-page.js";
import { listed, readable } from "../numbers.js";
import type { ClipScore, Report } from "../report.js";
import { percentText } from "./words.js";

/** The section on the clips that are answered worst, to look at and to listen to; null if no clip is wrong. */
export function worstClipsSection(
  { task, parts: [{ worst }] }: Report,
  media: ReadonlyMap<string, ClipMedia>,
): Section | null {
  const wrong = worst.filter(({ isCorrect }) => !isCorrect);
  if (wrong.length === 0) return null;
  const why = "A clip that is answered wrongly may be labelled wrongly: listen before you train again.";
  return {
    id: "worst-clips",
    title: "Worst clips",
    body: html`<p>The ${wrong.length === 1 ? "clip" : counted(wrong.length, "clip")} answered worst. ${why}</p>
<div class="figures">${wrong.map((clip) => clipFigure(clip, task, media.get(clip.audioHash)))}</div>`,
  };
}

function clipFigure(clip: ClipScore, task: Task, media: ClipMedia | undefined): Html {
  const answers = clip.answers.map(
    ({ label, has, probability }) => html`<li>${label}: ${percentText(probability)}${remark(has, task)}</li>`,
  );
  return html`<figure class="clip"><figcaption><strong>${clip.name}</strong> ${listed(clip.labels)}, loss \
${readable(clip.loss)}</figcaption>${media === undefined ? "" : mediaOf(clip, media)}<ul class="note">${answers}</ul></figure>
`;
}

/** What makes a label's probability a mistake. */
function remark(has: boolean, task: Task): string {
  if (task === "single-label") return has ? ", which is right" : "";
  return has ? ", missed" : ", which it does not have";
}

function mediaOf(clip: ClipScore, { picture, audio }: ClipMedia): Html {
  const image =
    picture === null
      ? ""
      : html`<img alt="Log-mel spectrogram of ${clip.name}" src="${dataUri("image/png", picture)}">`;
  const player =
    typeof audio === "string"
      ? html`<p class="note">No sound. ${audio}</p>`
      : html`<audio controls preload="none" src="${dataUri("audio/wav", audio.wav)}"></audio>\
<p class="note">Plays ${audio.fromSec.toFixed(1)} to ${audio.toSec.toFixed(1)} s.</p>`;
  return html`${image}${player}`;
}

const dataUri = (type: string, bytes: Uint8Array) =>
  `data:${type};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}`;
