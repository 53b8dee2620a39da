import type { AudioWarning } from "./warning.js";

/** Mono audio: `samples` nominally in [-1, 1], `sampleRate` in Hz. */
export interface Waveform {
  readonly samples: Float32Array;
  readonly sampleRate: number;
}

/** Format and length of a file's audio. */
export interface AudioFormat {
  /** E.g. "WAV". */
  readonly container: string;
  /** E.g. "16-bit PCM". */
  readonly encoding: string;
  readonly channels: number;
  /** [Hz] */
  readonly sampleRate: number;
  /** Per channel. */
  readonly nSamples: number;
}

/** The decoded channels of a file, all of the same length, finite, nominally in [-1, 1]. */
export interface DecodedAudio {
  readonly channelData: Float32Array[];
  /** [Hz] */
  readonly sampleRate: number;
  readonly format: AudioFormat;
  /** Oddities that did not prevent reading the file. */
  readonly warnings: readonly AudioWarning[];
}

/** The lowest and highest sample rate that timbrel reads and resamples [Hz]. */
export const MIN_SAMPLE_RATE = 4000;
export const MAX_SAMPLE_RATE = 384_000;
