/**
 * Running mean and variance of every band, float64, in one pass.
 *
 * Each chunk's own mean and sum of squared differences M2 are taken in two passes over the chunk, then joined to the
 * whole: `delta = meanB - meanA; mean += delta * nB / n; M2 += M2B + delta^2 * nA * nB / n`.
 *
 * Reference: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
 */
export class Moments {
  /** Frames so far. */
  count = 0;
  readonly #mean: Float64Array;
  readonly #m2: Float64Array;
  readonly #chunkMean: Float64Array;
  readonly #chunkM2: Float64Array;

  constructor(nBands: number) {
    this.#mean = new Float64Array(nBands);
    this.#m2 = new Float64Array(nBands);
    this.#chunkMean = new Float64Array(nBands);
    this.#chunkM2 = new Float64Array(nBands);
  }

  /** @param frames time-major [nFrames, nBands]; more may follow in the buffer and is not read */
  add(frames: Float32Array, nFrames: number): void {
    const nBands = this.#mean.length;
    const meanB = chunkMean(frames, nFrames, this.#chunkMean);
    const chunkM2 = this.#chunkM2.fill(0);
    for (let t = 0, i = 0; t < nFrames; t++)
      for (let band = 0; band < nBands; band++, i++) {
        const difference = frames[i] - meanB[band];
        chunkM2[band] += difference * difference;
      }
    const total = this.count + nFrames;
    for (let band = 0; band < nBands; band++) {
      const delta = meanB[band] - this.#mean[band];
      this.#mean[band] += (delta * nFrames) / total;
      this.#m2[band] += chunkM2[band] + (delta * delta * this.count * nFrames) / total;
    }
    this.count = total;
  }

  isFinite(): boolean {
    return this.#m2.every(Number.isFinite);
  }

  /** Mean and population variance of each band. */
  perBand(): { mean: Float64Array; variance: Float64Array } {
    return { mean: this.#mean.slice(), variance: this.#m2.map((m2) => m2 / this.count) };
  }

  /** Mean and population variance over all bands, the same for each: all bands have the same count. */
  pooled(): { mean: Float64Array; variance: Float64Array } {
    const nBands = this.#mean.length;
    const average = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / nBands;
    const mean = average(this.#mean);
    const within = average(this.#m2) / this.count;
    const between = average(this.#mean.map((bandMean) => (bandMean - mean) ** 2));
    return {
      mean: new Float64Array(nBands).fill(mean),
      variance: new Float64Array(nBands).fill(within + between),
    };
  }
}

/**
 * Writes the mean of every band over the frames to `mean` and returns it.
 * @param frames time-major [nFrames, nBands]
 * @param mean [nBands]
 */
export function chunkMean(frames: Float32Array, nFrames: number, mean: Float64Array): Float64Array {
  mean.fill(0);
  for (let t = 0, i = 0; t < nFrames; t++)
    for (let band = 0; band < mean.length; band++, i++) mean[band] += frames[i];
  for (let band = 0; band < mean.length; band++) mean[band] /= nFrames;
  return mean;
}
