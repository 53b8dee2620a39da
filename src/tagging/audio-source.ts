import type { AudioStream } from "../audio/audio-stream.js";
import { bytesInMemory } from "../audio/byte-source.js";
import { openAudio } from "../audio/decode.js";
import { type Channels, toChannels } from "../audio/inputs.js";
import { resampledLength } from "../audio/resample.js";
import { waveformStream } from "../audio/waveform-stream.js";
import { UsageError } from "../core/errors.js";
import { checkText, toBytes } from "../core/inputs.js";
import type { OpenFeatures } from "../features/clip-features.js";
import { FeatureStream } from "../features/feature-stream.js";

/** Opens audio from its start; may be called several times. */
export type OpenAudio = () => Promise<AudioStream>;

/** Opens the bytes of an audio file. */
export function bytesOpener(bytes: Uint8Array | ArrayBuffer, path: string): OpenAudio {
  const source = bytesInMemory(toBytes("bytes", bytes));
  checkText("path", path);
  return () => openAudio(source, path);
}

/**
 * Returns the channels of audio in memory.
 * @param rate the rate that they will be resampled to [Hz]
 * @throws UsageError if they are not audio, if no sample is left after resampling, or if some are not finite
 */
export function checkedChannels(audio: unknown, rate: number): Channels {
  const channels = toChannels("audio", audio);
  const { channelData, sampleRate } = channels;
  const length = resampledLength(channelData[0].length, sampleRate, rate);
  if (length === 0 || !channelData.every((samples) => samples.every(Number.isFinite)))
    throw new UsageError({
      setting: "audio",
      rule: `hold finite samples, at least 1 at ${rate} Hz`,
      got: length === 0 ? "none" : "some that are not finite",
    });
  return channels;
}

/**
 * Opens samples in memory.
 * @param rate see `checkedChannels`
 * @throws UsageError as `checkedChannels`
 */
export function samplesOpener(audio: unknown, rate: number): OpenAudio {
  const channels = checkedChannels(audio, rate);
  return async () => waveformStream(channels);
}

/**
 * Opens the features of audio, computed in this thread.
 * @param path the audio's name in errors
 */
export function featuresOf(open: OpenAudio, path: string): OpenFeatures {
  return async (frontEnd, options) => new FeatureStream(await open(), frontEnd, path, options);
}
