import type { ByteSource } from "./byte-source.js";

const WINDOW_BYTES = 2 ** 18;

/** A stretch of a file in memory that moves with what is read. */
export class ByteWindow {
  private bytes: Uint8Array = new Uint8Array(0);
  private start = 0;

  /** @param end where what is read of the file ends */
  constructor(
    private readonly source: ByteSource,
    readonly end: number,
  ) {}

  /** The bytes from `position` on, at least `length` unless the end is nearer. */
  async from(position: number, length: number): Promise<Uint8Array> {
    const wanted = Math.min(length, this.end - position);
    if (position < this.start || position + wanted > this.start + this.bytes.length) {
      // More than what is asked for, so that moving on by a little does not read nearly all of it again.
      const length = Math.max(WINDOW_BYTES, 4 * wanted);
      this.bytes = await this.source.read(position, Math.min(length, this.end - position));
      this.start = position;
    }
    return this.bytes.subarray(position - this.start);
  }
}
