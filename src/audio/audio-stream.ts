import type { AudioWarning } from "./warning.js";
import type { AudioFormat } from "./waveform.js";

/** A file's audio, decoded in pieces. */
export interface AudioStream {
  /** What the header says; the number of samples is known only at the end. */
  readonly format: Omit<AudioFormat, "nSamples">;
  /** Length per channel if the file declares one; the audio itself may be shorter or longer. */
  readonly declaredSamples: number | null;
  /**
   * The samples in order: each block holds every channel, all of the same length, at least 1 and at most about
   * `BLOCK_SAMPLES` samples, finite. A block is valid until the next one is asked for. Can be read once. Ends with a
   * DataError if the file is too damaged to go on, or holds no samples at all.
   */
  readonly blocks: AsyncIterable<readonly Float32Array[]>;
  /** Oddities of the file; complete once `blocks` has ended. */
  readonly warnings: readonly AudioWarning[];
}

/** Size of a block that keeps memory small and the overhead of a block negligible [samples per channel]. */
export const BLOCK_SAMPLES = 2 ** 16;
