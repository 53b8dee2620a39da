import { DataError, errorLine } from "../core/errors.js";
import { holesWarning } from "./missing-audio.js";
import { OggPackets } from "./ogg-packets.js";
import type { OggPage } from "./ogg-pages.js";
import { lacksLastPage, type OggStream } from "./ogg-stream.js";
import type { PacketDecoder } from "./packet-decoder.js";
import type { AudioWarning } from "./warning.js";

/**
 * A stream may begin within a packet: what is before position 0 is left out. More than a packet is there only in files
 * that were cut without counting anew, as ffmpeg does; it is audio like the rest.
 */
const MAX_EARLY_SAMPLES = 4096;
/** A file whose audio begins later is no damaged one but a recording of a stream that ran before [s]. */
const LATE_SEC = 60;

/**
 * Decodes a Vorbis or Opus stream. The granule positions of its pages tell how many samples must have been decoded so
 * far: fewer means that some are missing, and the last one trims the end.
 */
export class GranuleStream implements OggStream {
  #holes = 0;
  /** Samples that are missing in the holes. */
  #missing = 0;
  #nSamples = 0;
  #isEnded = false;
  readonly #decoder: PacketDecoder;
  readonly #path: string;
  readonly #packets: OggPackets;
  /** The granule position that was reached; null before the first page with audio. */
  #position: number | null = null;
  /** Samples that are still to be left out at the beginning. */
  #toSkip: number;
  #hasHole = false;
  /** Where in its stream the file begins, if that is late; 0 otherwise [s]. */
  #lateSec = 0;

  /** @param first the page that begins the stream */
  constructor(decoder: PacketDecoder, first: OggPage, path: string) {
    this.#packets = new OggPackets(first.sequence);
    this.#decoder = decoder;
    this.#path = path;
    this.#toSkip = decoder.preSkip;
  }

  async *add(page: OggPage): AsyncGenerator<readonly Float32Array[]> {
    const { packets, hasHole } = this.#packets.add(page);
    this.#isEnded ||= page.isLast;
    if (hasHole) {
      this.#noteHole();
      this.#decoder.skipHole();
    }
    const audio = packets.filter((packet) => !this.#decoder.takeHeader(packet));
    if (audio.length === 0 && (this.#position === null || page.granule === null)) return;
    yield* this.#position === null ? this.#addFirst(audio, page) : this.#addNext(audio, page, this.#position);
    this.#hasHole = false;
  }

  takeRest(): readonly Float32Array[] | null {
    return null;
  }

  warnings(): AudioWarning[] {
    const [holes, missing] = [this.#holes, this.#missing];
    if (holes === 0 && this.#lateSec > 0) {
      const message = `begins ${this.#lateSec.toFixed(0)} s after the beginning of its stream, which is not in the file`;
      return [{ code: "truncated", message }];
    }
    if (holes === 0) return this.#isEnded ? [] : [lacksLastPage()];
    const { sampleRate } = this.#decoder;
    const warning = holesWarning("OGG", { holes, missing, total: this.#nSamples + missing, sampleRate });
    return [
      this.#isEnded ? warning : { ...warning, message: `${warning.message}; its last page is missing, too` },
    ];
  }

  free(): void {
    this.#decoder.free();
  }

  /** The first page with audio: it may begin before position 0, whose samples are left out, or after it. */
  async *#addFirst(
    audio: Uint8Array[],
    { granule, isLast }: OggPage,
  ): AsyncGenerator<readonly Float32Array[]> {
    const blocks: Float32Array[][] = [];
    for await (const block of this.#decode(audio)) blocks.push(block);
    const n = blocks.reduce((sum, [{ length }]) => sum + length, 0);
    const end = granule ?? n;
    const before = Math.max(0, end - n);
    if (this.#hasHole && before > LATE_SEC * this.#decoder.sampleRate) {
      this.#lateSec = before / this.#decoder.sampleRate;
      this.#holes--;
      this.#toSkip = 0;
    } else if (this.#hasHole) {
      this.#missing += Math.max(0, before - this.#toSkip);
      this.#toSkip = Math.max(0, this.#toSkip - before);
    }
    if (!isLast && n > end && n - end <= MAX_EARLY_SAMPLES) this.#toSkip += n - end;
    let left = isLast ? end : n;
    for (const block of blocks) {
      yield* this.#trimmed(block, left);
      left -= block[0].length;
    }
    this.#position = end;
  }

  async *#addNext(
    audio: Uint8Array[],
    { granule, isLast }: OggPage,
    position: number,
  ): AsyncGenerator<readonly Float32Array[]> {
    let n = 0;
    for await (const block of this.#decode(audio)) {
      const isTrimmed = isLast && granule !== null;
      yield* this.#trimmed(block, isTrimmed ? granule - position - n : block[0].length);
      n += block[0].length;
    }
    this.#position = granule ?? position + n;
    const missing = this.#position - position - n;
    if (missing <= 0) return;
    this.#missing += missing;
    this.#noteHole();
  }

  /** Counts what is wrong with a page and what is before it as one hole. */
  #noteHole(): void {
    if (!this.#hasHole) this.#holes++;
    this.#hasHole = true;
  }

  async *#decode(audio: Uint8Array[]): AsyncGenerator<Float32Array[]> {
    const { packetsAtOnce } = this.#decoder;
    for (let i = 0; i < audio.length; i += packetsAtOnce) {
      const piece = audio.slice(i, i + packetsAtOnce);
      const { channelData, isSound } = await this.#decoder.decode(piece).catch((error: unknown) => {
        if (error instanceof DataError) throw error;
        throw new DataError(this.#path, `decoding failed: ${errorLine(error)}`, { cause: error });
      });
      if (!isSound) this.#noteHole();
      if ((channelData[0]?.length ?? 0) > 0) yield channelData;
    }
  }

  /** The first `left` samples of a block, without those to be skipped; nothing if none remain. */
  *#trimmed(block: Float32Array[], left: number): Generator<readonly Float32Array[]> {
    const end = Math.min(block[0].length, left);
    const begin = Math.min(this.#toSkip, Math.max(0, end));
    this.#toSkip -= begin;
    if (begin >= end) return;
    this.#nSamples += end - begin;
    yield block.map((samples) => samples.subarray(begin, end));
  }
}
