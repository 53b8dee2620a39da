/** Whoever reads bits may be so far beyond the end before noticing it. */
const SLACK_BYTES = 16;

/** Reads bits, the first one of a byte first. */
export class BitReader {
  /** Position of the next bit. */
  position = 0;
  /** Position behind the last bit. Reading beyond it gives anything for a while: check `isBeyondEnd` before going on. */
  readonly end: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, length } = bytes;
    const hasSlack = byteOffset + length + SLACK_BYTES <= buffer.byteLength;
    if (hasSlack) this.#view = new DataView(buffer, byteOffset, length + SLACK_BYTES);
    else {
      const copy = new Uint8Array(length + SLACK_BYTES);
      copy.set(bytes);
      this.#view = new DataView(copy.buffer);
    }
    this.end = bytes.length * 8;
  }

  get isBeyondEnd(): boolean {
    return this.position > this.end;
  }

  get nLeft(): number {
    return this.end - this.position;
  }

  /** The 32 bits from a position on, as a signed integer. */
  word(position: number): number {
    const byte = position >>> 3;
    const bit = position & 7;
    return (this.#view.getUint32(byte) << bit) | (this.#view.getUint8(byte + 4) >>> (8 - bit));
  }

  /** @param n from 0 to 32 */
  unsigned(n: number): number {
    if (n === 0) return 0;
    const value = this.word(this.position) >>> (32 - n);
    this.position += n;
    return value;
  }

  /** An integer in two's complement. @param n from 1 to 33 */
  signed(n: number): number {
    if (n === 33) return this.signed(1) * 2 ** 32 + this.unsigned(32);
    const value = this.word(this.position) >> (32 - n);
    this.position += n;
    return value;
  }

  /** The number of zeros before the next one, which is read, too; null if the end comes first. */
  zeros(): number | null {
    let n = 0;
    while (!this.isBeyondEnd) {
      const inWord = Math.clz32(this.word(this.position));
      n += inWord;
      this.position += inWord;
      if (inWord < 32) {
        this.position++;
        return n;
      }
    }
    return null;
  }

  alignToByte(): void {
    this.position = (this.position + 7) & ~7;
  }
}
