import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";

/** What ffmpeg says about a file on its standard error, with each line's level in brackets. */
export class FfmpegLog {
  /** E.g. "5.1.9". */
  version: string | null = null;
  /** Codec of the first audio stream, e.g. "AAC". */
  codec: string | null = null;
  /** Length that the file declares [s]; `null` if it declares none. */
  durationSec: number | null = null;
  /** The first error. */
  reason: string | null = null;
  nErrors = 0;
  #isEstimate = false;
  readonly #path: string;

  constructor(path: string, stderr: Readable) {
    this.#path = path;
    createInterface({ input: stderr }).on("line", (line) => this.#read(stripVTControlCharacters(line)));
  }

  #read(line: string): void {
    // "[aac @ 0x55d0] [error] text" or "[info] text"
    const [, level, text] = /^(?:\[[^\]]* @ [^\]]*\] )*\[(\w+)\] *(.*)$/.exec(line) ?? [];
    if (level === undefined) return;
    if (["error", "fatal", "panic"].includes(level)) {
      this.nErrors++;
      this.reason ??= text.replaceAll(`file:${this.#path}: `, "").replaceAll(/\p{Cc}/gu, " ");
    }
    this.version ??= /^ffmpeg version (\d[\d.]*\d|\S+)/.exec(text)?.[1] ?? null;
    this.codec ??= /^Stream #0:\d+.*?: Audio: (\w+)/.exec(text)?.[1].toUpperCase() ?? null;
    const [, hours, minutes, seconds] = /^Duration: (\d+):(\d+):([\d.]+),/.exec(text) ?? [];
    if (hours !== undefined && !this.#isEstimate)
      this.durationSec ??= 3600 * Number(hours) + 60 * Number(minutes) + Number(seconds);
    this.#isEstimate ||= text.startsWith("Estimating duration");
  }
}
