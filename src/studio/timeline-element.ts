import type { FileAnswer, ModelFacts } from "./tagging-work.js";
import { drawTimeline, type TimeScale } from "./timeline-picture.js";

/** What a timeline shows. */
export interface TimelineView {
  readonly answer: FileAnswer;
  readonly facts: ModelFacts;
  /** Name of the sound. */
  readonly name: string;
  /** Time at the left end [s]. @default 0 */
  readonly startSec?: number;
}

/**
 * `<studio-timeline>`: the picture of a sound over time, with a cursor that follows a player. It is drawn anew when its width or the
 * page's colours change.
 */
export class TimelineElement extends HTMLElement {
  readonly #canvas = document.createElement("canvas");
  readonly #cursor = document.createElement("div");
  readonly #resized = new ResizeObserver(() => this.#draw());
  readonly #darkness = matchMedia("(prefers-color-scheme: dark)");
  readonly #recolour = (): void => this.#draw();
  #view: TimelineView | undefined;
  #player: HTMLMediaElement | undefined;
  #scale: TimeScale | undefined;

  connectedCallback(): void {
    this.#canvas.setAttribute("role", "img");
    this.#cursor.className = "cursor";
    this.#cursor.hidden = true;
    this.append(this.#canvas, this.#cursor);
    this.#resized.observe(this.#canvas);
    this.#darkness.addEventListener("change", this.#recolour);
    this.#canvas.addEventListener("click", (event) => this.#seek(event));
  }

  disconnectedCallback(): void {
    this.#resized.disconnect();
    this.#darkness.removeEventListener("change", this.#recolour);
  }

  set view(view: TimelineView) {
    if (view.answer === this.#view?.answer) return;
    this.#view = view;
    this.#canvas.setAttribute("aria-label", described(view));
    if (this.isConnected) this.#draw();
  }

  /** The player that the cursor follows, and that a click moves. */
  set player(player: HTMLMediaElement | undefined) {
    if (player === undefined || player === this.#player) return;
    this.#player = player;
    const follow = (): void => {
      this.#moveCursor();
      if (!player.paused && this.isConnected) requestAnimationFrame(follow);
    };
    for (const name of ["play", "seeked", "timeupdate", "loadedmetadata"])
      player.addEventListener(name, follow);
  }

  #draw(): void {
    if (this.#view === undefined || this.#canvas.clientWidth === 0) return;
    const { answer, facts, startSec = 0 } = this.#view;
    this.#scale = drawTimeline(this.#canvas, answer, facts, startSec);
    this.#moveCursor();
  }

  #moveCursor(): void {
    if (this.#player === undefined || this.#scale === undefined) return;
    const { left, width, durationSec } = this.#scale;
    const fraction = Math.min(1, this.#player.currentTime / durationSec);
    this.#cursor.hidden = false;
    this.#cursor.style.transform = `translateX(${left + fraction * width}px)`;
  }

  #seek({ offsetX }: MouseEvent): void {
    if (this.#player === undefined || this.#scale === undefined) return;
    const { left, width, durationSec } = this.#scale;
    this.#player.currentTime = Math.max(0, Math.min(1, (offsetX - left) / width)) * durationSec;
  }
}

customElements.define("studio-timeline", TimelineElement);

function described({ name, answer: { tagging } }: TimelineView): string {
  const { durationSec, tags, isUnknown, segments } = tagging;
  const heard = isUnknown
    ? "unknown"
    : tags
        .slice(0, 3)
        .map(({ label }) => label)
        .join(", ");
  return `Waveform, log-mel spectrogram and tags of ${name} over ${durationSec.toFixed(1)} s, in ${segments.length} segments. Most probable: ${heard}.`;
}
