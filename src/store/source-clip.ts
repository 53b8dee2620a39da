import type { Split } from "../dataset/split-names.js";

/** An audio file with its labels, before it is opened. */
export interface SourceClip {
  /** Absolute path of the audio file. */
  readonly path: string;
  /** Path as the manifest has it, or relative to the scanned folder, with `/`. */
  readonly name: string;
  /** At least one label. */
  readonly labels: string[];
  /** Clips of one group are always in the same split; `null`: the clip and its copies are a group of their own. */
  readonly group: string | null;
  /** The split that the source names; `null` if it is to be drawn. */
  readonly split: Split | null;
}

/** The clips of a source, and a line for everything that was left out. */
export interface Scan {
  clips: SourceClip[];
  problems: string[];
}
