import { meanOfChannels } from "./downmix.js";
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
  readonly #sums: Sums = { peak: 0, energy: 0, meanEnergy: 0 };
  #nClipped = 0;
  #nClippedPeaks = 0;

  constructor(format: Pick<AudioFormat, "channels" | "encoding">) {
    this.#format = format;
  }

  /**
   * Adds a block and returns the mean of its channels: one pass over the samples for both.
   * @param mean where to write it, unless there is only one channel
   */
  mix(channels: readonly Float32Array[], mean: Float32Array): Float32Array {
    const sums = this.#sums;
    const mixed = channels.length === 2 ? mean : meanOfChannels(channels, mean);
    this.#nSamples += mixed.length;
    const earlierPeak = sums.peak;
    sums.peak = 0;
    for (let at = 0; at < mixed.length; at += CHUNK) {
      const end = Math.min(at + CHUNK, mixed.length);
      if (channels.length === 2) mixStereo(channels[0], channels[1], mixed, at, end, sums);
      else {
        for (const samples of channels) measure(samples, at, end, sums);
        if (channels.length > 1) sums.meanEnergy += energyOf(mixed, at, end);
      }
    }
    if (sums.peak >= FULL_SCALE) for (const samples of channels) this.#countClipping(samples);
    sums.peak = Math.max(sums.peak, earlierPeak);
    return mixed;
  }

  get levels(): Levels {
    const rms = Math.sqrt(this.#sums.energy / (this.#nSamples * this.#format.channels));
    return { peakDbfs: dbfs(this.#sums.peak), rmsDbfs: dbfs(rms), nClipped: this.#nClipped };
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
    if (this.#sums.peak > FAR_ABOVE_FULL_SCALE) warnings.push(aboveFullScale(this.#sums.peak));
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
    const energy = this.#sums.energy / channels;
    if (this.#sums.meanEnergy * channels >= CANCELLED * energy) return [];
    const mean =
      this.#sums.meanEnergy === 0
        ? "silent"
        : `${(10 * Math.log10(energy / this.#sums.meanEnergy)).toFixed(1)} dB below them`;
    return [
      {
        code: "channels-cancel",
        message: `its channels cancel each other: their mean, which is what the net hears, is ${mean}; invert one of them, or keep only one`,
      },
    ];
  }
}

interface Sums {
  /** Greatest magnitude. */
  peak: number;
  /** Sum of the squares of all channels. */
  energy: number;
  /** Sum of the squares of their mean. */
  meanEnergy: number;
}

// V8 compiles a function that is called often for good; of one that is called seldom and loops for long, it kept giving up
// what it had compiled inside the loop, which took six times as long and made the collector work.
const CHUNK = 1024;

/** Writes the mean of two channels, and adds their levels and its own. */
function mixStereo(
  left: Float32Array,
  right: Float32Array,
  mean: Float32Array,
  first: number,
  end: number,
  sums: Sums,
): void {
  let leftEnergy = 0;
  let rightEnergy = 0;
  let meanEnergy = 0;
  let peak = 0;
  for (let n = first; n < end; n++) {
    const a = left[n];
    const b = right[n];
    const m = (a + b) / 2;
    mean[n] = m;
    leftEnergy += a * a;
    rightEnergy += b * b;
    meanEnergy += m * m;
    // `Math.max` takes four times as long where values are equal, as in the last bit of near silence.
    if (Math.abs(a) > peak) peak = Math.abs(a);
    if (Math.abs(b) > peak) peak = Math.abs(b);
  }
  sums.energy += leftEnergy + rightEnergy;
  sums.meanEnergy += meanEnergy;
  sums.peak = Math.max(sums.peak, peak);
}

/** Adds the levels of one channel. */
function measure(samples: Float32Array, first: number, end: number, sums: Sums): void {
  let energy = 0;
  let peak = 0;
  for (let n = first; n < end; n++) {
    energy += samples[n] * samples[n];
    if (Math.abs(samples[n]) > peak) peak = Math.abs(samples[n]);
  }
  sums.energy += energy;
  sums.peak = Math.max(sums.peak, peak);
}

/** The sum of squares. */
function energyOf(samples: Float32Array, first: number, end: number): number {
  let energy = 0;
  for (let n = first; n < end; n++) energy += samples[n] * samples[n];
  return energy;
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
