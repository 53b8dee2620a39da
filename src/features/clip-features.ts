import { joined } from "../audio/joined.js";
import type { DurationLimit } from "../audio/mono-stream.js";
import type { AudioWarning } from "../audio/warning.js";
import { type Tensor, tensor } from "../core/tensor.js";
import { raiseTo } from "./compress.js";
import type { FrontEnd } from "./front-end.js";

/** How a clip's features are read. */
export interface FeatureOptions extends DurationLimit {
  /** Whether to compute descriptors, too. @default false */
  readonly describes?: boolean;
  /** Called after every block of audio. What it throws ends the reading. */
  readonly onBlock?: () => void;
  /** Stops what is waited for before the first block, such as a pipe. */
  readonly signal?: AbortSignal | undefined;
}

/** A clip's features, computed while it is decoded, here or in another thread. */
export interface ClipFeatures {
  /** The clip's name in errors. */
  readonly path: string;
  /**
   * The frames in order, some at a time, shape [n, nMels]. Can be read once.
   * @throws DataError if the clip cannot be decoded, is too long, has no samples at the front end's rate, or some that are
   *   not finite
   */
  rows(): AsyncGenerator<Float32Array>;
  /** Number of frames of a clip as long as it declares; null if it declares nothing. */
  readonly declaredFrames: number | null;
  /** Length that the clip declares [s]; null if it declares nothing. */
  readonly declaredSec: number | null;
  /** Whether the front end's `topDb` makes every value depend on the whole clip. */
  readonly isLimited: boolean;
  /** Number of frames so far. */
  readonly nFrames: number;
  /** Length of the audio so far [s]. */
  readonly durationSec: number;
  /** The least value that the front end's `topDb` leaves; known once `rows` has ended. */
  readonly least: number;
  /** Oddities of the clip; complete once `rows` has ended. */
  readonly warnings: readonly AudioWarning[];
  /**
   * See `summarizeDescriptors`; once `rows` has ended, and if they were asked for.
   * @throws DataError if they are not finite
   */
  descriptors(): Float32Array;
}

/** Opens a clip's features from its start; may be called several times. */
export type OpenFeatures = (frontEnd: FrontEnd, options: FeatureOptions) => Promise<ClipFeatures>;

/**
 * Reads all frames of a clip.
 * @returns shape [nFrames, nMels]
 * @throws DataError as `ClipFeatures.rows`
 */
export async function readFeatures(features: ClipFeatures, { nMels }: FrontEnd): Promise<Tensor> {
  const parts: Float32Array[] = [];
  for await (const rows of features.rows()) parts.push(rows);
  const data = joined(parts);
  raiseTo(features.least, data);
  return tensor(data, [data.length / nMels, nMels]);
}
