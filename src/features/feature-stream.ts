import type { AudioStream } from "../audio/audio-stream.js";
import { MonoStream } from "../audio/mono-stream.js";
import { resampledLength, StreamResampler } from "../audio/resample.js";
import type { AudioWarning } from "../audio/warning.js";
import { DataError } from "../core/errors.js";
import { isFiniteData } from "../core/tensor.js";
import type { ClipFeatures, FeatureOptions } from "./clip-features.js";
import { summarizeFrames } from "./descriptors.js";
import { compressionRate, type FrontEnd, silenceValue } from "./front-end.js";
import { StreamLogMel } from "./log-mel.js";
import { FrameSampler } from "./meyda-frames.js";

/** What a reader wants to see of the audio on its way to the features. */
export interface FeatureStreamOptions extends FeatureOptions {
  /** Gets the mean of the channels, block by block, at the file's own rate. */
  readonly onMono?: (samples: Float32Array) => void;
  /** Gets the same at the front end's rate. */
  readonly onWaveform?: (samples: Float32Array) => void;
}

// A resampler keeps the frequencies up to 0.9 of the lower rate's half.
const NARROW = 0.9;
/**
 * The greatest compressed value that a net may be given. Graphs undo the compression in 32-bit numbers, which end at 1e38:
 * relative to silence for the level of a segment, and to mel values, of which they add up to 1e5 powers or squared magnitudes.
 */
function greatestValue(frontEnd: FrontEnd): number {
  const { compression, power } = frontEnd;
  const rise = Math.LN10 / compressionRate(frontEnd); // of a compressed value for ten times the mel value
  if (compression.kind !== "powerToDb") return 18 * rise; // relative to silence, and thus the square of a mel value, too
  const ofMel = (power === 1 ? 16 : 32) * rise - 10 * Math.log10(Math.max(compression.amin, compression.ref));
  return Math.min(37 * rise + silenceValue(frontEnd), ofMel);
}

/**
 * A file's features, computed while it is decoded: down-mix, resampling, log-mel spectrogram. Extraction, prediction and
 * inspection all use it.
 */
export class FeatureStream implements ClipFeatures {
  readonly mono: MonoStream;
  /** The file's name in errors. */
  readonly path: string;
  readonly #frontEnd: FrontEnd;
  readonly #options: FeatureStreamOptions;
  readonly #logMel: StreamLogMel;
  readonly #greatest: number;
  readonly #sampler: FrameSampler | null;
  #nSamples = 0;
  #nFrames = 0;

  /**
   * @param frontEnd made by `frontEnd`
   * @param path the file's name in errors
   */
  constructor(audio: AudioStream, frontEnd: FrontEnd, path: string, options: FeatureStreamOptions = {}) {
    this.mono = new MonoStream(audio, path, options);
    this.#frontEnd = frontEnd;
    this.path = path;
    this.#options = options;
    this.#logMel = new StreamLogMel(frontEnd);
    this.#greatest = greatestValue(frontEnd);
    this.#sampler = options.describes ? new FrameSampler() : null;
  }

  /**
   * The frames in order, some at a time, shape [n, nMels]. Together they are what `logMel` gives for the whole, once values
   * below `least` are raised to it. Can be read once.
   * @throws DataError if the file cannot be decoded, is too long, has no samples at the front end's rate, or some that are
   *   not finite
   */
  async *rows(): AsyncGenerator<Float32Array> {
    const resampler = new StreamResampler(this.mono.format.sampleRate, this.#frontEnd.sampleRate);
    for await (const block of this.mono.blocks()) {
      this.#options.onMono?.(block);
      const rows = this.#rowsOf(resampler.push(block));
      this.#options.onBlock?.();
      if (rows.length > 0) yield rows;
    }
    const lastRows = this.#rowsOf(resampler.end());
    if (this.#nSamples === 0) throw new DataError(this.path, "holds no samples");
    if (lastRows.length > 0) yield lastRows;
    const rest = this.#counted(this.#logMel.end());
    if (rest.length > 0) yield rest;
  }

  /** Number of frames of a file as long as it declares; null if it declares nothing. */
  get declaredFrames(): number | null {
    const { declaredSamples, format } = this.mono;
    const { sampleRate, hopLength } = this.#frontEnd;
    if (declaredSamples === null) return null;
    return 1 + Math.floor(resampledLength(declaredSamples, format.sampleRate, sampleRate) / hopLength);
  }

  get declaredSec(): number | null {
    return this.mono.declaredSec;
  }

  get durationSec(): number {
    return this.mono.durationSec;
  }

  descriptors(): Float32Array {
    if (this.#sampler === null) throw new Error("FeatureStream: `describes` was not set");
    const summary = summarizeFrames(this.#sampler, this.#frontEnd.sampleRate);
    if (!isFiniteData(summary))
      throw new DataError(
        this.path,
        "gives descriptors that are not finite numbers; its samples are too large",
      );
    return summary;
  }

  /** Number of frames so far. */
  get nFrames(): number {
    return this.#nFrames;
  }

  /** Whether the front end's `topDb` makes every value depend on the whole clip. */
  get isLimited(): boolean {
    return this.#logMel.isLimited;
  }

  /** The least value that the front end's `topDb` leaves; known once `rows` has ended. */
  get least(): number {
    return this.#logMel.least;
  }

  /** Oddities of the file, its levels, and what they mean for the front end; complete once `rows` has ended. */
  get warnings(): readonly AudioWarning[] {
    const { sampleRate, winLength, fMax } = this.#frontEnd;
    const { nSamples, format } = this.mono;
    const warnings = [...this.mono.warnings];
    if (resampledLength(nSamples, format.sampleRate, sampleRate) < winLength)
      warnings.push({
        code: "short",
        message: `lasts ${this.durationSec.toFixed(3)} s, less than one frame of ${(winLength / sampleRate).toFixed(3)} s`,
      });
    const highest = format.sampleRate / 2;
    if (highest < NARROW * fMax)
      warnings.push({
        code: "low-sample-rate",
        message: `has nothing above ${highest} Hz; the front end hears up to ${fMax} Hz`,
      });
    return warnings;
  }

  #rowsOf(samples: Float32Array): Float32Array {
    if (!isFiniteData(samples)) throw new DataError(this.path, "holds samples that are not finite numbers");
    this.#nSamples += samples.length;
    this.#options.onWaveform?.(samples);
    this.#sampler?.push(samples);
    return this.#counted(this.#logMel.push(samples));
  }

  #counted(rows: Float32Array): Float32Array {
    let isBelow = true;
    for (const value of rows) isBelow &&= value < this.#greatest;
    if (!isBelow) {
      const reason =
        this.#frontEnd.compression.kind === "powerToDb"
          ? "its samples are too large, or the front end's ref and amin too small"
          : "its samples or the front end's scale are too large";
      throw new DataError(this.path, `gives features that are too large to compute with; ${reason}`);
    }
    this.#nFrames += rows.length / this.#frontEnd.nMels;
    return rows;
  }
}
