import { type MonoClip, monoClip } from "../audio/mono-clip.js";
import type { DecodedAudio } from "../audio/waveform.js";
import type { Tensor } from "../core/tensor.js";
import type { FrontEnd } from "./front-end.js";
import { logMel } from "./log-mel.js";

/** A decoded file's mono clip and its log-mel spectrogram. */
export interface ClipLogMel extends MonoClip {
  /** [nFrames, nMels] */
  readonly features: Tensor;
}

/**
 * Runs decoded audio through the whole front end: down-mix, resampling, log-mel spectrogram. Training and prediction
 * both use it.
 * @param path the file's name in errors
 * @throws DataError if the file holds no samples at the front end's rate, or samples that are not finite
 */
export function audioToLogMel(decoded: DecodedAudio, frontEnd: FrontEnd, path: string): ClipLogMel {
  const clip = monoClip(decoded, frontEnd.sampleRate, path);
  return { ...clip, features: logMel(clip.waveform, frontEnd) };
}
