import { UsageError } from "../core/errors.js";
import { kindOf, toFloats } from "../core/inputs.js";
import { meanOfChannels } from "./downmix.js";
import type { Waveform } from "./waveform.js";

/** Audio in memory: mono samples, channels under either of two names, or a browser's `AudioBuffer`. */
export type AudioInput =
  | Waveform
  | { readonly channelData: readonly Float32Array[]; readonly sampleRate: number }
  | { readonly channels: readonly Float32Array[]; readonly sampleRate: number }
  | {
      /** The samples of a channel, counted from 0. */
      getChannelData(channel: number): Float32Array;
      numberOfChannels: number;
      sampleRate: number;
    };

/** Whether a value has samples or channels in the way of an `AudioInput`, or is samples without their rate. */
export function hasSamples(value: unknown): boolean {
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return true;
  const { samples, channelData, channels, getChannelData } = Object(value);
  return [samples, channelData, channels, getChannelData].some((member) => member !== undefined);
}

/** Channels of the same length, nominally in [-1, 1], and their rate [Hz]. */
export interface Channels {
  readonly channelData: readonly Float32Array[];
  readonly sampleRate: number;
}

/**
 * Returns the channels of audio in memory. Lists of numbers and 64-bit floats become 32-bit floats.
 * @throws UsageError if it is not audio, has no sample rate or has channels of different lengths
 */
export function toChannels(setting: string, value: unknown): Channels {
  const fail = (rule: string, got: string, remedy?: string): never => {
    throw new UsageError({ setting, rule, got, remedy });
  };
  const rule = "be audio: `samples` or `channelData`, and their `sampleRate`";
  if (typeof value !== "object" || value === null) return fail(rule, kindOf(value));
  if (Array.isArray(value) || ArrayBuffer.isView(value))
    return fail(rule, kindOf(value), "name the rate of the samples, too");
  const { sampleRate } = value as { sampleRate: unknown };
  const channels = channelsOf(value, setting);
  if (channels === null) return fail(rule, kindOf(value));
  if (typeof sampleRate !== "number" || !Number.isFinite(sampleRate))
    return fail("have its sample rate in Hz as `sampleRate`", kindOf(sampleRate));
  if (channels.length === 0) return fail("have at least one channel", "none");
  const lengths = channels.map(({ length }) => length);
  if (lengths.some((length) => length !== lengths[0]))
    return fail("have channels of one length", lengths.join(", "));
  return { channelData: channels, sampleRate };
}

function channelsOf(value: object, setting: string): readonly Float32Array[] | null {
  const { samples, channelData, channels, getChannelData, numberOfChannels } = value as Record<
    string,
    unknown
  >;
  if (samples !== undefined) return [toFloats(`${setting}.samples`, samples)];
  if (typeof getChannelData === "function" && typeof numberOfChannels === "number")
    return Array.from({ length: numberOfChannels }, (_, channel) =>
      (value as { getChannelData(channel: number): Float32Array }).getChannelData(channel),
    );
  const [name, list] = channelData === undefined ? ["channels", channels] : ["channelData", channelData];
  if (!Array.isArray(list)) return null;
  return list.map((each, channel) => toFloats(`${setting}.${name}[${channel}]`, each));
}

/**
 * Returns audio in memory as mono, the mean of its channels; a waveform itself.
 * @throws UsageError as `toChannels` does
 */
export function toWaveform(setting: string, value: unknown): Waveform {
  const { channelData, sampleRate } = toChannels(setting, value);
  if (channelData[0] === (value as Partial<Waveform>).samples) return value as Waveform;
  return { samples: meanOfChannels(channelData), sampleRate };
}
