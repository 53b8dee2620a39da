import { DataError } from "../core/errors.js";
import { downmix } from "./downmix.js";
import { resample } from "./resample.js";
import type { AudioWarning } from "./warning.js";
import type { DecodedAudio, Waveform } from "./waveform.js";

/** A decoded file, down-mixed and resampled for the front end. */
export interface MonoClip {
  /** The mean of the channels, at the requested rate; at least one sample, all finite. */
  readonly waveform: Waveform;
  /** [s] */
  readonly durationSec: number;
  /** Oddities of the file. */
  readonly warnings: readonly AudioWarning[];
}

/**
 * Down-mixes and resamples a decoded file, for training and prediction alike.
 * @param path the file's name in errors
 * @throws DataError if no samples are left, or some are not finite
 */
export function monoClip(decoded: DecodedAudio, sampleRate: number, path: string): MonoClip {
  const recorded = downmix(decoded);
  const waveform = resample(recorded, sampleRate);
  if (waveform.samples.length === 0) throw new DataError(path, "holds no samples");
  if (!waveform.samples.every(Number.isFinite))
    throw new DataError(path, "holds samples that are not finite numbers");
  const isSilent = recorded.samples.every((sample) => sample === 0);
  return {
    waveform,
    durationSec: recorded.samples.length / recorded.sampleRate,
    warnings: isSilent
      ? [...decoded.warnings, { code: "silent", message: "all samples are zero" }]
      : decoded.warnings,
  };
}
