import type { Split } from "../dataset/split-names.js";

/** An audio file with its labels, before it is opened. */
export interface SourceClip {
  /** Absolute path of the audio file. */
  readonly path: string;
  /** As the manifest names it, or relative to the scanned folder, with `/`. */
  readonly name: string;
  /** At least one. */
  readonly labels: string[];
  /** Clips of one group never lie in two splits; `null`: the clip and its copies are a group of their own. */
  readonly group: string | null;
  /** The split the source names; `null`: to be drawn. */
  readonly split: Split | null;
}

/** What a source holds, and a line for everything that was left out of it. */
export interface Scan {
  clips: SourceClip[];
  problems: string[];
}
