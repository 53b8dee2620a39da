import { encodeWav } from "../audio/encode-wav.js";
import { joined } from "../audio/joined.js";
import { type Microphone, openMicrophone } from "./microphone.js";

/** Length of sound whose level is shown [s]. */
const LEVEL_SEC = 0.1;

/** A recording from the microphone that goes on. */
export class Recording {
  readonly #parts: Float32Array[] = [];
  #microphone: Microphone | undefined;
  #nSamples = 0;
  #isOver = false;
  #heard: (() => void) | undefined;

  /** @throws Error that says why the microphone cannot be used */
  static async start(): Promise<Recording> {
    const recording = new Recording();
    recording.#microphone = await openMicrophone((samples) => recording.#add(samples));
    return recording;
  }

  get sampleRate(): number {
    return this.#microphone!.sampleRate;
  }

  get durationSec(): number {
    return this.#nSamples / this.sampleRate;
  }

  /** The last samples, as many as last `sec` or all that there are. */
  last(sec: number): Float32Array {
    const wanted = Math.round(sec * this.sampleRate);
    let first = this.#parts.length;
    for (let n = 0; first > 0 && n < wanted; ) n += this.#parts[--first].length;
    return joined(this.#parts.slice(first)).subarray(-wanted);
  }

  /** Calls `onSound` after every `everySec` seconds of sound, one call at a time, until the recording ends. */
  async follow(everySec: number, onSound: () => void | Promise<void>): Promise<void> {
    while (await this.#reaches(this.durationSec + everySec)) await onSound();
  }

  /** The highest of the last samples, between 0 and 1. */
  get level(): number {
    return this.last(LEVEL_SEC).reduce((high, sample) => Math.max(high, Math.abs(sample)), 0);
  }

  /** Waits until the recording is this long [s]. @returns false if it ended before */
  async #reaches(sec: number): Promise<boolean> {
    while (this.durationSec < sec && !this.#isOver)
      await new Promise<void>((done) => {
        this.#heard = done;
      });
    return !this.#isOver;
  }

  /** Ends the recording. @returns it as a WAV file of 16 bits */
  async stop(): Promise<Uint8Array> {
    this.#isOver = true;
    this.#heard?.();
    await this.#microphone!.stop();
    return encodeWav({ samples: joined(this.#parts), sampleRate: this.sampleRate });
  }

  #add(samples: Float32Array): void {
    this.#parts.push(samples);
    this.#nSamples += samples.length;
    this.#heard?.();
  }
}
