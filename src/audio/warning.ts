/**
 * Kinds of oddity in audio that was read nevertheless.
 * - `truncated`: the file ends before the length that it declares.
 * - `damaged`: parts could not be decoded, or are missing in the middle.
 * - `ignored-data`: parts of the file that could be audio were not read.
 * - `ambiguous-format`: the file can be read in two ways; the message says which one was assumed.
 * - `converted`: the file was decoded by another program.
 * - `silent`: every sample is zero, or far below hearing.
 * - `channels-cancel`: the channels are each other's opposite, so that their mean is nearly silent.
 * - `above-full-scale`: samples are far beyond [-1, 1].
 * - `clipped`: many samples are at full scale.
 * - `short`: the clip is much shorter than what the net reads at once.
 * - `low-sample-rate`: the file's band is narrower than the front end's.
 */
export type WarningCode =
  | "truncated"
  | "damaged"
  | "ignored-data"
  | "ambiguous-format"
  | "converted"
  | "silent"
  | "channels-cancel"
  | "above-full-scale"
  | "clipped"
  | "short"
  | "low-sample-rate";

/** Something odd about audio that was read nevertheless. */
export interface AudioWarning {
  readonly code: WarningCode;
  /** One line, without the file's name. */
  readonly message: string;
}
