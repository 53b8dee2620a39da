import { raiseTo } from "../features/compress.js";
import { AveragedRows } from "./averaged-rows.js";
import { type LogMelPngOptions, logMelPng } from "./log-mel-png.js";

/** The log-mel picture of a clip of any length, from its frames as they come. */
export class LogMelPicture {
  readonly #options: LogMelPngOptions;
  readonly #rows: AveragedRows;

  constructor(options: LogMelPngOptions) {
    this.#options = options;
    this.#rows = new AveragedRows(options.frontEnd.nMels);
  }

  /** @param rows whole frames [n * nMels] */
  push(rows: Float32Array): void {
    this.#rows.push(rows);
  }

  /**
   * The PNG.
   * @param least lower values are raised to it
   */
  end(least: number): Uint8Array {
    const rows = this.#rows.end();
    raiseTo(least, rows.data);
    const { frontEnd } = this.#options;
    const hopLength = frontEnd.hopLength * this.#rows.factor;
    return logMelPng(rows, { ...this.#options, frontEnd: { ...frontEnd, hopLength } });
  }
}
