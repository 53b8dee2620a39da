import type { LabelFacts } from "./known-labels.js";
import type { Split } from "./split-names.js";

/** A labelled clip of audio whose features can be read. */
export interface Clip extends LabelFacts {
  /** Its name in messages, e.g. its path inside the source folder. */
  readonly name: string;
  /** SHA-256 of the audio, 64 hex digits: clips with equal hashes are copies. */
  readonly audioHash: string;
  /** All clips of one group are in the same split. */
  readonly group: string;
  /** The group that it came with, if copies joined that to another. */
  readonly ownGroup?: string | undefined;
  /** The split that the data name for it; null if it is to be drawn. */
  readonly split: Split | null;
  readonly durationSec: number;
  /** Length of its features [frames], at least 1. */
  readonly nFrames: number;
}
