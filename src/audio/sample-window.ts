const NONE = new Float32Array();

/** The part of a stream of samples that is still needed. The stream has zeros before its first sample and after its last. */
export class SampleWindow {
  /** Number of samples of the stream so far. */
  length = 0;
  #kept: Float32Array = NONE;
  #block: Float32Array = NONE; // follows `#kept`

  /** Adds samples, which must not change before `forget` is called. */
  push(block: Float32Array): void {
    this.#block = block;
    this.length += block.length;
  }

  /** Copies the samples from `from` on: `out[i]` is sample `from + i`. None of them may be forgotten. */
  copy(from: number, out: Float32Array): void {
    const blockAt = this.length - this.#block.length - from;
    const keptAt = blockAt - this.#kept.length;
    out.fill(0, 0, Math.max(0, keptAt));
    place(this.#kept, keptAt, out);
    place(this.#block, blockAt, out);
    out.fill(0, Math.max(0, this.length - from));
  }

  /** Forgets the samples before `before`, and copies what is left of the block. */
  forget(before: number): void {
    const kept = new Float32Array(Math.max(0, this.length - Math.max(0, before)));
    this.copy(this.length - kept.length, kept);
    this.#kept = kept;
    this.#block = NONE;
  }
}

/** Copies to `out` what fits in it of `samples`, the first of which belongs at index `at`. */
function place(samples: Float32Array, at: number, out: Float32Array): void {
  const first = Math.max(0, -at);
  const last = Math.min(samples.length, out.length - at);
  if (first < last) out.set(samples.subarray(first, last), at + first);
}
