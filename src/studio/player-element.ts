import { errorLine } from "../core/errors.js";

/** A sound to play: a file, and how to decode it if the browser cannot play its format. */
export interface Playable {
  readonly file: Blob;
  readonly name: string;
  readonly toWav: () => Promise<Blob>;
}

/** `<studio-player>`: the browser's own player for a sound in any format that timbrel reads. */
export class PlayerElement extends HTMLElement {
  readonly audio = document.createElement("audio");
  #playable: Playable | undefined;
  #url: string | undefined;

  connectedCallback(): void {
    this.audio.controls = true;
    this.audio.preload = "metadata";
    this.append(this.audio);
  }

  disconnectedCallback(): void {
    this.audio.pause();
    if (this.#url !== undefined) URL.revokeObjectURL(this.#url);
  }

  set playable(playable: Playable) {
    if (playable.file === this.#playable?.file) return;
    this.#playable = playable;
    this.audio.setAttribute("aria-label", `Player of ${playable.name}`);
    this.audio.onerror = () => this.#playWav(playable);
    this.#play(playable.file);
  }

  async #playWav(playable: Playable): Promise<void> {
    this.audio.onerror = null;
    try {
      const wav = await playable.toWav();
      if (this.#playable === playable) this.#play(wav);
    } catch (error) {
      this.append(
        Object.assign(document.createElement("p"), { className: "problem", textContent: errorLine(error) }),
      );
    }
  }

  #play(file: Blob): void {
    if (this.#url !== undefined) URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(file);
    this.audio.src = this.#url;
  }
}

customElements.define("studio-player", PlayerElement);
