import type { Split } from "./split-names.js";

/** A labelled clip of audio whose features can be read. */
export interface Clip {
  /** Its name in messages, e.g. the path under the folder that it came from. */
  readonly name: string;
  /** SHA-256 of the audio, 64 hex digits: clips of equal hash are copies. */
  readonly audioHash: string;
  /** At least one. */
  readonly labels: readonly string[];
  /** Clips of one group never cross splits. */
  readonly group: string;
  /** The split that the data name for it; null: to be drawn. */
  readonly split: Split | null;
  readonly durationSec: number;
  /** Length of its features [frames], at least 1. */
  readonly nFrames: number;
}
