import { DURATION_CHECKS, type DurationLimit } from "../audio/mono-stream.js";
import { abortSignal, callback, optional } from "../core/setting-checks.js";
import type { ClipFeatures, OpenFeatures } from "../features/clip-features.js";
import type { FrontEnd } from "../features/front-end.js";

/** Options of whatever reads audio with a model. */
export interface ReadOptions extends DurationLimit {
  /** Called for every block of audio: what was read and what the file declares [s], null if it declares nothing. */
  readonly onProgress?: (progress: { doneSec: number; totalSec: number | null }) => void;
  /** After an abort the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Checks of `ReadOptions`. */
export const READ_CHECKS = {
  ...DURATION_CHECKS,
  onProgress: optional(callback),
  signal: optional(abortSignal),
};

/** Opens a clip's features so that reading them reports its progress and ends with the signal. */
export async function openedFeatures(
  open: OpenFeatures,
  frontEnd: FrontEnd,
  { maxDurationSec, onProgress, signal }: ReadOptions,
  { describes = false } = {},
): Promise<ClipFeatures> {
  signal?.throwIfAborted();
  const opening = open(frontEnd, {
    ...(maxDurationSec === undefined ? {} : { maxDurationSec }),
    describes,
    signal,
    onBlock() {
      signal?.throwIfAborted();
      onProgress?.({ doneSec: features.durationSec, totalSec: features.declaredSec });
    },
  });
  const features = await untilAborted(opening, signal);
  return features;
}

/** Rejects with the signal's reason as soon as it is aborted, even while a stream of bytes gives nothing. */
async function untilAborted(
  opening: Promise<ClipFeatures>,
  signal: AbortSignal | undefined,
): Promise<ClipFeatures> {
  if (signal === undefined) return opening;
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([opening, aborted]);
  } catch (error) {
    opening.then(closed, () => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Closes a clip that nobody reads any more: it is closed when its reader stops. */
async function closed(features: ClipFeatures): Promise<void> {
  try {
    for await (const _ of features.rows()) break;
  } catch {} // nobody waits for it
}
