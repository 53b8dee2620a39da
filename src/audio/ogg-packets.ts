import type { OggPage } from "./ogg-pages.js";

/** Of a longer packet, only so much is kept: only tags with pictures are longer, and they are not read. */
const MAX_PACKET_BYTES = 2 ** 22;

/** Puts the packets of one logical stream together from its pages. */
export class OggPackets {
  /** Number of the last page. */
  #sequence: number;
  /** What the pages before hold of a packet that goes on; "lost" if its beginning is missing, null if none does. */
  #begun: Uint8Array[] | "lost" | null = null;

  /** @param first number of the page that begins the stream */
  constructor(first: number) {
    this.#sequence = first;
  }

  /** The packets that end on a page, and whether there is a hole before it: a page or a part of a packet is missing. */
  add({ sequence, isContinued, segments, body }: OggPage): { packets: Uint8Array[]; hasHole: boolean } {
    if (sequence === this.#sequence) return { packets: [], hasHole: false }; // the same page again
    const isNext = sequence === (this.#sequence + 1) % 2 ** 32;
    this.#sequence = sequence;
    if (segments.length === 0) return { packets: [], hasHole: !isNext };
    const hasHole = !isNext || isContinued === (this.#begun === null);
    if (hasHole) this.#begun = isContinued ? "lost" : null;

    const packets: Uint8Array[] = [];
    let from = 0;
    let to = 0;
    for (const length of segments) {
      to += length;
      if (length === 255) continue;
      if (this.#begun !== "lost") packets.push(joined([...(this.#begun ?? []), body.subarray(from, to)]));
      this.#begun = null;
      from = to;
    }
    if (segments.at(-1) === 255) this.#keep(body.subarray(from));
    return { packets, hasHole };
  }

  #keep(part: Uint8Array): void {
    if (this.#begun === "lost") return;
    this.#begun ??= [];
    if (this.#begun.reduce((sum, { length }) => sum + length, 0) < MAX_PACKET_BYTES) this.#begun.push(part);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
