import type { Tensor } from "../core/tensor.js";

/**
 * What a model needs to say how unlike its training sounds a segment is. Its *novelty* is
 *
 *     novelty = entropy(softmax(logits)) * entropyWeight + embedding . direction + bias
 *
 * in which the first term is only in single-label models: it says how unsure the net is, and the second one how far the
 * net's last hidden layer leans away from training sounds, towards sounds of no class. `fitNovelty` fits it.
 */
export interface NoveltyScore {
  /** [embedding size] */
  readonly direction: Tensor;
  readonly entropyWeight: number;
  readonly bias: number;
}

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
