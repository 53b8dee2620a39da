/** Most stretches that are held before neighbours are joined. */
const MOST = 4096;

/** The lowest and highest samples of a sound of any length, to draw its waveform. */
export class Peaks {
  /** Samples in a stretch. */
  #size = 64;
  /** Lowest and highest sample of every stretch in turn. */
  #ends: number[] = [];
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;
  #nInStretch = 0;

  /** @param samples the next ones, of one channel */
  push(samples: Float32Array): void {
    for (const sample of samples) {
      if (sample < this.#low) this.#low = sample;
      if (sample > this.#high) this.#high = sample;
      if (++this.#nInStretch === this.#size) this.#finish();
    }
  }

  /** Lowest and highest sample of every stretch in turn, [2 * nStretches]. The last stretch may be shorter than the others. */
  end(): Float32Array {
    if (this.#nInStretch > 0) this.#finish();
    return Float32Array.from(this.#ends);
  }

  #finish(): void {
    this.#ends.push(this.#low, this.#high);
    [this.#low, this.#high, this.#nInStretch] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    if (this.#ends.length < 2 * MOST) return;
    const ends = this.#ends;
    this.#ends = Array.from({ length: MOST }, (_, i) => {
      const at = 4 * (i >> 1) + (i % 2);
      return i % 2 === 0 ? Math.min(ends[at], ends[at + 2]) : Math.max(ends[at], ends[at + 2]);
    });
    this.#size *= 2;
  }
}
