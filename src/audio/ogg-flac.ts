import { DataError } from "../core/errors.js";
import { FlacAudio } from "./flac-audio.js";
import { readFrameHeader } from "./flac-header.js";
import { type FlacInfo, readFlacInfo, STREAM_INFO_BYTES } from "./flac-info.js";
import { OggPackets } from "./ogg-packets.js";
import type { OggPage } from "./ogg-pages.js";
import { lacksLastPage, type OggStream } from "./ogg-stream.js";
import type { AudioWarning } from "./warning.js";

/** Where STREAMINFO begins in the first packet, behind two marks, a version, a count and a block header. */
const STREAM_INFO_AT = 17;

/**
 * Reads STREAMINFO from the first packet of a FLAC stream in OGG.
 * @throws DataError if it is not there
 * Reference: RFC 9639, section 10.1
 */
export function readOggFlacInfo(first: Uint8Array, path: string): FlacInfo {
  if (
    first.length < STREAM_INFO_AT + STREAM_INFO_BYTES ||
    String.fromCharCode(...first.subarray(9, 13)) !== "fLaC"
  )
    throw new DataError(path, "the OGG stream does not begin with FLAC's STREAMINFO block");
  return readFlacInfo(first.subarray(STREAM_INFO_AT));
}

/** Decodes a FLAC stream in OGG: each packet is a frame. What is missing is told by the frames, not by the pages. */
export class OggFlacStream implements OggStream {
  readonly #packets: OggPackets;
  readonly #audio: FlacAudio;
  #isEnded = false;

  /** @param first the page that begins the stream */
  constructor(info: FlacInfo, first: OggPage, path: string) {
    this.#packets = new OggPackets(first.sequence);
    this.#audio = new FlacAudio(info, path);
  }

  async *add(page: OggPage): AsyncGenerator<readonly Float32Array[]> {
    this.#isEnded ||= page.isLast;
    for (const packet of this.#packets.add(page).packets) {
      if (packet[0] !== 0xff) continue; // metadata
      const header = readFrameHeader(packet);
      if (header === null || !this.#audio.matches(header, `on OGG page ${page.sequence}`))
        this.#audio.loseSync();
      else {
        if (this.#audio.isFullFor(header)) yield this.#audio.takeBlock() as readonly Float32Array[];
        if (this.#audio.add(packet, header) === null) this.#audio.loseSync();
      }
    }
  }

  takeRest(): readonly Float32Array[] | null {
    return this.#audio.takeBlock();
  }

  warnings(): AudioWarning[] {
    const warnings = this.#audio.warnings();
    return warnings.length > 0 || this.#isEnded ? warnings : [lacksLastPage()];
  }

  free(): void {}
}
