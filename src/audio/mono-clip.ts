import { DataError } from "../core/errors.js";
import { downmix } from "./downmix.js";
import { resample } from "./resample.js";
import type { DecodedAudio, Waveform } from "./waveform.js";

/** A decoded file as the front end takes it. */
export interface MonoClip {
  /** The mean of the channels at the rate asked for; at least one sample, all finite. */
  readonly waveform: Waveform;
  /** [s] */
  readonly durationSec: number;
  /** What is odd about the file, one line each. */
  readonly warnings: string[];
}

/**
 * Down-mix and resampling of a decoded file, for training and predicting alike.
 * @param path the file's name in errors
 * @throws DataError if nothing is left of it, or samples are not finite
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
    warnings: isSilent ? [...decoded.warnings, "all samples are zero"] : decoded.warnings,
  };
}
