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
 * The novelty of a clip: minus the logarithm of the mean of exp(-novelty) over its segments. So a clip is as familiar as its
 * segments are on average, and a long silence after a familiar sound does not make it unknown.
 */
export class ClipNovelty {
  #sum = 0;
  #count = 0;
  /** exp(-novelty) is summed relative to this one's, so that nothing overflows. */
  #least = Number.POSITIVE_INFINITY;

  add(novelty: number): void {
    if (novelty < this.#least) {
      this.#sum *= Math.exp(novelty - this.#least);
      this.#least = novelty;
    }
    this.#sum += Math.exp(this.#least - novelty);
    this.#count++;
  }

  get value(): number {
    return this.#least - Math.log(this.#sum / this.#count);
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
