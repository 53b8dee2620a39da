import { DataError } from "../core/errors.js";
import type { NoveltyTerms } from "../nn/inference.js";

/**
 * What a model needs to say how unlike its training sounds a segment is. Its *novelty* is
 *
 *     novelty = max(classless) - max(known)
 *
 * of linear functions of the net's last hidden layer, one for each label and one for each kind of sound that is of no class:
 * it says how much more the segment is like one of the latter. `fitNovelty` fits them, and scales them so that the novelty
 * has mean 0 and deviation 1 over the segments of validation clips.
 */
export type NoveltyScore = NoveltyTerms;

/**
 * The novelty of a clip: minus the logarithm of the weighted mean of exp(-novelty) over its segments. So a clip is as familiar as
 * its segments are on average, and a long silence after a familiar sound does not make it unknown. If every weight is 0, all
 * segments count the same.
 */
export class ClipNovelty {
  #sum = 0;
  #total = 0;
  /** exp(-novelty) is summed relative to this one's, so that nothing overflows. */
  #least = Number.POSITIVE_INFINITY;
  /** Whether a weight was above 0; until then, the sums are of segments that all weigh 1. */
  #isWeighted = false;

  /** @param weight at least 0 */
  add(novelty: number, weight: number): void {
    if (!this.#isWeighted && weight !== 0) {
      this.#isWeighted = true;
      this.#sum = this.#total = 0;
      this.#least = Number.POSITIVE_INFINITY;
    }
    const by = this.#isWeighted ? weight : 1;
    if (by === 0) return;
    if (novelty < this.#least) {
      this.#sum *= Math.exp(novelty - this.#least);
      this.#least = novelty;
    }
    this.#sum += by * Math.exp(this.#least - novelty);
    this.#total += by;
  }

  get value(): number {
    return this.#least - Math.log(this.#sum / this.#total);
  }
}

/**
 * Checks the novelty that a model gave to a clip or segment.
 * @param model the model's name in errors
 * @throws DataError if it is not finite
 */
export function checkNovelty(novelty: number | null, model: string): void {
  if (novelty !== null && !Number.isFinite(novelty))
    throw new DataError(
      model,
      `gave the novelty ${novelty}, which is not a finite number; calibrate it again`,
    );
}
