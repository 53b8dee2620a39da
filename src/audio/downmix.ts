import { toWaveform } from "./inputs.js";
import type { DecodedAudio, Waveform } from "./waveform.js";

/**
 * The mean of all channels: `samples[n] = sum over c of channelData[c][n] / channels`. One channel is not copied.
 * @example
 * import { downmix } from "timbrel";
 *
 * const channelData = [Float32Array.of(1, 0.5), Float32Array.of(0, 0.5)];
 * const format = { container: "WAV", encoding: "32-bit float", channels: 2, sampleRate: 8000, nSamples: 2 };
 * const { samples } = downmix({ channelData, sampleRate: 8000, format, warnings: [] });
 * console.log(samples.join(" ")); // -> 0.5 0.5
 */
export function downmix(audio: DecodedAudio): Waveform {
  return toWaveform("audio", audio);
}

/**
 * The mean of channels of the same length. One channel is not copied.
 * @param samples where to write it
 */
export function meanOfChannels(
  channels: readonly Float32Array[],
  samples: Float32Array = new Float32Array(channels[0].length),
): Float32Array {
  if (channels.length === 1) return channels[0];
  if (channels.length === 2) {
    const [left, right] = channels;
    for (let n = 0; n < samples.length; n++) samples[n] = (left[n] + right[n]) / 2;
    return samples;
  }
  const sums = new Float64Array(samples.length);
  for (const channel of channels) for (let n = 0; n < sums.length; n++) sums[n] += channel[n];
  for (let n = 0; n < sums.length; n++) samples[n] = sums[n] / channels.length;
  return samples;
}
