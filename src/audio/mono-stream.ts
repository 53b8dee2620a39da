import { checkNumber } from "../core/check.js";
import { DataError } from "../core/errors.js";
import { type OptionChecks, optional } from "../core/setting-checks.js";
import type { AudioStream } from "./audio-stream.js";
import { LevelMeter, type Levels } from "./level-meter.js";
import type { AudioWarning } from "./warning.js";

/** The longest file that is read unless more is asked for [s]: 12 hours. */
export const MAX_DURATION_SEC = 12 * 3600;

export interface DurationLimit {
  /** Longer files are an error [s]. @default 12 hours */
  readonly maxDurationSec?: number;
}

export const DURATION_CHECKS: OptionChecks<DurationLimit> = {
  maxDurationSec: optional((setting, value) => {
    if (value !== Number.POSITIVE_INFINITY) checkNumber(setting, value, { above: 0 });
  }),
};

/** The mean of a file's channels, with its levels measured, as the file is decoded. */
export class MonoStream {
  readonly format: AudioStream["format"];
  /** Length that the file declares [samples per channel]; null if it declares none. */
  readonly declaredSamples: number | null;
  readonly #audio: AudioStream;
  readonly #path: string;
  readonly #maxDurationSec: number;
  readonly #meter: LevelMeter;
  #nSamples = 0;

  /** @param path the file's name in errors */
  constructor(audio: AudioStream, path: string, { maxDurationSec = MAX_DURATION_SEC }: DurationLimit = {}) {
    this.#audio = audio;
    this.#path = path;
    this.#maxDurationSec = maxDurationSec;
    this.#meter = new LevelMeter(audio.format);
    this.format = audio.format;
    this.declaredSamples = audio.declaredSamples;
  }

  /** Length that the file declares [s]; null if it declares none. */
  get declaredSec(): number | null {
    return this.declaredSamples === null ? null : this.declaredSamples / this.format.sampleRate;
  }

  /**
   * The samples in order, at the file's own rate. A block is valid until the next one is asked for. Can be read once.
   * @throws DataError if the file cannot be decoded, or lasts too long
   */
  async *blocks(): AsyncGenerator<Float32Array> {
    let buffer = new Float32Array();
    for await (const channels of this.#audio.blocks) {
      // A declared length can be wrong, e.g. in a recording of a stream that was already running.
      this.#checkDuration((this.#nSamples + channels[0].length) / this.format.sampleRate);
      const { length } = channels[0];
      if (buffer.length < length) buffer = new Float32Array(length);
      this.#nSamples += length;
      yield this.#meter.mix(channels, buffer.subarray(0, length));
    }
  }

  /** Length of what was read [samples per channel]. */
  get nSamples(): number {
    return this.#nSamples;
  }

  /** Length of what was read [s]. */
  get durationSec(): number {
    return this.#nSamples / this.format.sampleRate;
  }

  /** Levels of what was read. */
  get levels(): Levels {
    return this.#meter.levels;
  }

  /** Oddities of the file and its levels; complete once `blocks` has ended. */
  get warnings(): readonly AudioWarning[] {
    return [...this.#audio.warnings, ...this.#meter.warnings];
  }

  #checkDuration(durationSec: number): void {
    if (durationSec > this.#maxDurationSec)
      throw new DataError(this.#path, tooLongReason(this.#maxDurationSec));
  }
}

/** What is wrong with a file that is longer than allowed. */
export function tooLongReason(maxDurationSec: number): string {
  return `lasts more than ${durationText(maxDurationSec)}; raise \`maxDurationSec\`, or cut it`;
}

/** A duration in its greatest whole unit, e.g. `12 h`, `90 min` or `0.5 s`. */
export function durationText(durationSec: number): string {
  if (durationSec >= 3600 && durationSec % 3600 === 0) return `${durationSec / 3600} h`;
  if (durationSec >= 60 && durationSec % 60 === 0) return `${durationSec / 60} min`;
  return `${durationSec} s`;
}
