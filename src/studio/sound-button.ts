import { html, type TemplateResult } from "lit-html";
import { redraw } from "./redraw.js";

/** Plays one sound at a time, for lists of many. */
export class OneSound {
  readonly #audio = new Audio();
  #key: unknown;
  #url = "";

  constructor() {
    this.#audio.onended = () => this.#stop();
  }

  isPlaying(key: unknown): boolean {
    return this.#key === key;
  }

  /**
   * Plays a sound, or stops it if it is played.
   * @param key what the sound belongs to
   * @param toWav decodes a format that the browser cannot play
   */
  async toggle(key: unknown, file: Blob, toWav: () => Promise<Blob>): Promise<void> {
    const isOn = this.isPlaying(key);
    this.#stop();
    if (isOn) return;
    this.#key = key;
    redraw();
    const isChosen = () => this.isPlaying(key); // another sound may be chosen meanwhile
    try {
      await this.#play(file);
    } catch {
      const wav = isChosen() ? await toWav().catch(() => null) : null;
      if (wav !== null && isChosen()) await this.#play(wav).catch(() => {});
      else if (isChosen()) this.#stop();
    }
  }

  async #play(file: Blob): Promise<void> {
    URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(file);
    this.#audio.src = this.#url;
    await this.#audio.play();
  }

  #stop(): void {
    this.#audio.pause();
    this.#key = undefined;
    redraw();
  }
}

/** A button that plays a sound of a list. */
export function soundButton(parts: {
  player: OneSound;
  key: unknown;
  name: string;
  file: Blob;
  toWav: () => Promise<Blob>;
}): TemplateResult {
  const { player, key, name, file, toWav } = parts;
  const isOn = player.isPlaying(key);
  return html`<button type="button" class="play" aria-label=${`${isOn ? "Stop" : "Play"} ${name}`}
    @click=${() => player.toggle(key, file, toWav)}>${isOn ? "■" : "▶"}</button>`;
}
