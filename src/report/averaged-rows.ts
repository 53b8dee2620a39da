import type { Tensor } from "../core/tensor.js";

/** Rows that are held before neighbours are averaged: 25 minutes of the default front end. */
const MAX_ROWS = 65_536;

/** The rows of a spectrogram of any length, for its picture: of a long one, means of 2, 4, 8... rows. */
export class AveragedRows {
  /** Number of rows that one row is the mean of. */
  factor = 1;
  readonly #nMels: number;
  #values = new Float32Array();
  #nRows = 0;
  /** Sums of the rows since the last whole mean, and their number. */
  readonly #sums: Float64Array;
  #nSummed = 0;

  constructor(nMels: number) {
    this.#nMels = nMels;
    this.#sums = new Float64Array(nMels);
  }

  /** @param rows shape [n, nMels] */
  push(rows: Float32Array): void {
    for (let at = 0; at < rows.length; at += this.#nMels) {
      for (let m = 0; m < this.#nMels; m++) this.#sums[m] += rows[at + m];
      if (++this.#nSummed === this.factor) this.#finishRow();
    }
  }

  /** Shape [nRows, nMels]; the last row may be the mean of fewer. */
  end(): Tensor {
    while (this.#nSummed > 0) this.#finishRow();
    return { data: this.#values.subarray(0, this.#nRows * this.#nMels), shape: [this.#nRows, this.#nMels] };
  }

  #finishRow(): void {
    if (this.#nRows === MAX_ROWS) {
      this.#halve();
      return;
    }
    const at = this.#nRows * this.#nMels;
    if (at === this.#values.length) {
      const larger = new Float32Array(Math.max(256 * this.#nMels, 2 * at));
      larger.set(this.#values);
      this.#values = larger;
    }
    for (let m = 0; m < this.#nMels; m++) this.#values[at + m] = this.#sums[m] / this.#nSummed;
    this.#nRows++;
    this.#sums.fill(0);
    this.#nSummed = 0;
  }

  /** Averages pairs of rows. The sums so far go on as the first half of the next row. */
  #halve(): void {
    const nMels = this.#nMels;
    this.#nRows /= 2;
    for (let row = 0; row < this.#nRows; row++)
      for (let m = 0; m < nMels; m++) {
        const first = 2 * row * nMels + m;
        this.#values[row * nMels + m] = (this.#values[first] + this.#values[first + nMels]) / 2;
      }
    this.factor *= 2;
  }
}
