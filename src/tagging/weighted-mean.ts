/**
 * A mean in which some things count for more than others: sum(weight * values) / sum(weight). If every weight is 0, they all
 * count the same.
 */
export class WeightedMean {
  readonly #sum: Float64Array;
  #total = 0;
  /** Whether a weight was above 0; until then, the sum is of the values alone. */
  #isWeighted = false;

  /** @param size number of values that are averaged at once */
  constructor(size: number) {
    this.#sum = new Float64Array(size);
  }

  /** @param weight at least 0 */
  add(values: ArrayLike<number>, weight: number): void {
    if (!this.#isWeighted && weight !== 0) {
      this.#isWeighted = true;
      this.#sum.fill(0);
      this.#total = 0;
    }
    const by = this.#isWeighted ? weight : 1;
    for (let i = 0; i < this.#sum.length; i++) this.#sum[i] += by * values[i];
    this.#total += by;
  }

  get value(): Float64Array {
    return this.#sum.map((sum) => sum / this.#total);
  }
}
