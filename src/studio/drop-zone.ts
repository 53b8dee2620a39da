import { html, nothing, type TemplateResult } from "lit-html";
import { AUDIO_EXTENSIONS } from "../audio/container.js";
import { chosenFiles, droppedFiles, type GivenFiles } from "./given-files.js";

const AUDIO_TYPES = AUDIO_EXTENSIONS.join(",");

/**
 * A place to drop files and folders, with buttons that choose them.
 * @param parts `label` says what may be dropped; `of` names what the files are of, for screen readers; `more` are further buttons; nothing can be
 *   chosen while it `isOff`; without `takesFiles` only folders can
 */
export function dropZone(parts: {
  label: string;
  onFiles: (files: GivenFiles) => void;
  of?: string;
  more?: TemplateResult;
  isOff?: boolean;
  takesFiles?: boolean;
}): TemplateResult {
  const { label, onFiles, of = "", more = html``, isOff = false, takesFiles = true } = parts;
  const choose = (event: Event) => onFiles(chosenFiles(event.target as HTMLInputElement));
  return html`<div class="drop" @dragover=${allowDrop} @dragleave=${leave} @drop=${(event: DragEvent) => drop(event, onFiles)}>
    <p>${label}</p>
    <div class="row">
      ${takesFiles ? html`<label class="button">Choose files…<span class="hidden">${of}</span><input type="file" ?disabled=${isOff} multiple accept=${AUDIO_TYPES} @change=${choose}></label>` : nothing}
      <label class="button">Choose a folder…<span class="hidden">${of}</span><input type="file" ?disabled=${isOff} webkitdirectory @change=${choose}></label>
      ${more}
    </div>
  </div>`;
}

function allowDrop(event: DragEvent): void {
  event.preventDefault();
  (event.currentTarget as Element).classList.add("over");
}

function leave(event: DragEvent): void {
  (event.currentTarget as Element).classList.remove("over");
}

async function drop(event: DragEvent, onFiles: (files: GivenFiles) => void): Promise<void> {
  event.preventDefault();
  event.stopPropagation();
  leave(event);
  if (event.dataTransfer !== null) onFiles(await droppedFiles(event.dataTransfer));
}
