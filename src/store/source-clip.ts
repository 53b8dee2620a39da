import type { LabelFacts } from "../dataset/known-labels.js";
import type { Split } from "../dataset/split-names.js";

/**
 * An audio file with its labels, before it is opened. The labels are as the source spells them, until `scanSource` has
 * brought them into one form.
 */
export interface SourceClip extends LabelFacts {
  /** Absolute path of the audio file. */
  readonly path: string;
  /** Path as the manifest has it, or relative to the scanned folder, with `/`. */
  readonly name: string;
  /** Clips of one group are always in the same split; `null`: the clip and its copies are a group of their own. */
  readonly group: string | null;
  /** The split that the source names; `null` if it is to be drawn. */
  readonly split: Split | null;
}

/** The clips of a source, a line for everything that was left out, and for every warning, `<path>: warning: <text>`. */
export interface Scan {
  clips: SourceClip[];
  problems: string[];
}

/** Whether a line is a warning, rather than about something that was left out. */
export function isWarning(line: string): boolean {
  return line.includes(": warning: ");
}
