import type { AudioWarning } from "./warning.js";
import type { AudioFormat } from "./waveform.js";

/** Levels of audio, over all channels. */
export interface Levels {
  /** [dB relative to full scale]; null for silence. */
  readonly peakDbfs: number | null;
  readonly rmsDbfs: number | null;
  /** Samples at or beyond full scale. */
  readonly nClipped: number;
}

/** The largest 16-bit sample. */
const FULL_SCALE = 32767 / 32768;
/** Peaks below this are no sound that anyone recorded; one step of 16 bits is -90 dB. */
const SILENT_DBFS = -80;
/** Files of floats have peaks of 1.5, mixes perhaps of 3; samples in an integer's range have far greater ones. */
const FAR_ABOVE_FULL_SCALE = 4;
/** The mean's energy, as a fraction of what it is for channels that have nothing in common: 20 dB. */
const CANCELLED = 0.01;
// Clipping cuts peaks flat: several equal samples at full scale beside one that is away by a jump. The top of a clean wave
// has neither, unless it is very low, and then its neighbours differ by a step or two of 16 bits.
const FLAT_SAMPLES = 3;
const JUMP = 8 / 32768;
/** A recording with one overloaded moment is not worth a warning. */
const CLIPPED_PEAKS = 10;

const dbfs = (amplitude: number): number | null => (amplitude > 0 ? 20 * Math.log10(amplitude) : null);

/** Measures the levels of a stream of audio, and knows which of them deserve a warning. */
export class LevelMeter {
  readonly #format: Pick<AudioFormat, "channels" | "encoding">;
  #nSamples = 0; // per channel
  #peak = 0;
  #energy = 0; // of all channels
  #meanEnergy = 0; // of their mean
  #nClipped = 0;
  #nClippedPeaks = 0;

  constructor(format: Pick<AudioFormat, "channels" | "encoding">) {
    this.#format = format;
  }

  /**
   * Adds a block.
   * @param mean the mean of its channels
   */
  push(channels: readonly Float32Array[], mean: Float32Array): void {
    this.#nSamples += mean.length;
    for (const samples of channels) {
      this.#energy += energyOf(samples);
      let peak = 0;
      for (let at = 0; at < samples.length; at += CHUNK) peak = Math.max(peak, peakOf(samples, at));
      if (peak > this.#peak) this.#peak = peak;
      if (peak >= FULL_SCALE) this.#countClipping(samples);
    }
    if (channels.length > 1) this.#meanEnergy += energyOf(mean);
  }

  get levels(): Levels {
    const rms = Math.sqrt(this.#energy / (this.#nSamples * this.#format.channels));
    return { peakDbfs: dbfs(this.#peak), rmsDbfs: dbfs(rms), nClipped: this.#nClipped };
  }

  get warnings(): AudioWarning[] {
    const warnings: AudioWarning[] = [];
    const { peakDbfs } = this.levels;
    if (peakDbfs === null) return [{ code: "silent", message: "all samples are zero" }];
    if (peakDbfs < SILENT_DBFS)
      warnings.push({
        code: "silent",
        message: `is practically silent: its peak is ${peakDbfs.toFixed(1)} dBFS`,
      });
    else if (this.#format.channels > 1) warnings.push(...this.#cancellation());
    if (this.#peak > FAR_ABOVE_FULL_SCALE) warnings.push(aboveFullScale(this.#peak));
    // Eight bits are too coarse to tell a clipped peak from a clean one.
    else if (this.#nClippedPeaks >= CLIPPED_PEAKS && !this.#format.encoding.startsWith("8-bit"))
      warnings.push({
        code: "clipped",
        message: `is clipped: ${this.#nClippedPeaks} peaks are cut off at full scale; use a recording at a lower level if there is one`,
      });
    return warnings;
  }

  #countClipping(samples: Float32Array): void {
    for (const sample of samples) if (Math.abs(sample) >= FULL_SCALE) this.#nClipped++;
    this.#nClippedPeaks += countClippedPeaks(samples);
  }

  #cancellation(): AudioWarning[] {
    const { channels } = this.#format;
    const energy = this.#energy / channels;
    if (this.#meanEnergy * channels >= CANCELLED * energy) return [];
    const mean =
      this.#meanEnergy === 0
        ? "silent"
        : `${(10 * Math.log10(energy / this.#meanEnergy)).toFixed(1)} dB below them`;
    return [
      {
        code: "channels-cancel",
        message: `its channels cancel each other: their mean, which is what the net hears, is ${mean}; invert one of them, or keep only one`,
      },
    ];
  }
}

// V8 compiles a function that is called often for good; of one that is called seldom and loops for long, it kept giving up
// what it had compiled inside the loop, which took six times as long and made the collector work.
const CHUNK = 1024;

/** The greatest magnitude of a chunk. */
function peakOf(samples: Float32Array, first: number): number {
  const end = Math.min(first + CHUNK, samples.length);
  let peak = 0;
  for (let n = first; n < end; n++) {
    const magnitude = Math.abs(samples[n]);
    if (magnitude > peak) peak = magnitude;
  }
  return peak;
}

/** The sum of squares. */
function energyOf(samples: Float32Array): number {
  let energy = 0;
  for (let at = 0; at < samples.length; at += CHUNK) energy += chunkEnergy(samples, at);
  return energy;
}

/** Two sums at once: an addition need not wait for the one before. */
function chunkEnergy(samples: Float32Array, first: number): number {
  const end = Math.min(first + CHUNK, samples.length);
  let even = 0;
  let odd = 0;
  for (let n = first + 1; n < end; n += 2) {
    even += samples[n - 1] * samples[n - 1];
    odd += samples[n] * samples[n];
  }
  return (end - first) % 2 === 0 ? even + odd : even + odd + samples[end - 1] ** 2;
}

function aboveFullScale(peak: number): AudioWarning {
  const integer = [8, 16, 24, 32].find((bits) => peak <= 2 ** (bits - 1));
  const remedy =
    integer === undefined
      ? "scale them to [-1, 1]"
      : `they look like ${integer}-bit integers: divide them by ${2 ** (integer - 1)}`;
  return {
    code: "above-full-scale",
    message: `its samples are far above full scale, which is 1: they reach ${Number(peak.toPrecision(6))}; ${remedy}`,
  };
}

/** Counts the runs of at least `FLAT_SAMPLES` equal samples at or beyond full scale that a jump begins or ends. */
function countClippedPeaks(samples: Float32Array): number {
  let count = 0;
  for (let n = 0; n < samples.length; n++) {
    const level = samples[n];
    if (Math.abs(level) < FULL_SCALE) continue;
    const first = n;
    while (samples[n + 1] === level) n++;
    const jump = Math.max(
      ...[samples[first - 1], samples[n + 1]].map((beside) => Math.abs(level - (beside ?? level))),
    );
    if (n + 1 - first >= FLAT_SAMPLES && jump >= JUMP) count++;
  }
  return count;
}
