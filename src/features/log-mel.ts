import { toWaveform } from "../audio/inputs.js";
import { joined } from "../audio/joined.js";
import { SampleWindow } from "../audio/sample-window.js";
import type { Waveform } from "../audio/waveform.js";
import { UsageError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import { tensor } from "../core/tensor.js";
import { type Compress, compressor, leastValue, raiseTo } from "./compress.js";
import type { FrontEnd } from "./front-end.js";
import { checkIsFrontEnd } from "./front-end.js";
import { emptyMelBands } from "./mel-filter-bank.js";
import { type MelFrames, melFrames } from "./mel-frames.js";

/** What is computed once and used for all clips of a front end. */
interface Plan {
  readonly melFrames: MelFrames;
  readonly compress: Compress;
  /** Index of a band that is not empty, if there is one. */
  readonly probe: number;
}

const plans = new WeakMap<FrontEnd, Plan>();

/**
 * Log-compressed mel spectrogram: frames of the clip -> window -> spectrum -> mel bands -> compression.
 * Computed in double precision, stored in single.
 *
 * Same as: librosa 0.11 `feature.melspectrogram(y=, sr=, n_fft=, win_length=, hop_length=, pad_mode="constant", power=,
 * n_mels=, fmin=, fmax=, htk=, norm=).T`, then the compression (`power_to_db` for `powerToDb`), within 1e-5 of the
 * largest value (test/features/log-mel.test.ts).
 * @param waveform at `frontEnd.sampleRate`, at least one sample; may be shorter than a window
 * @param frontEnd made by `frontEnd`
 * @returns shape [nFrames, nMels], `nFrames = 1 + floor(nSamples / hopLength)`
 * @throws UsageError for another sample rate, no samples, or samples that are not finite
 * @example
 * import { frontEnd, logMel } from "timbrel";
 *
 * const front = frontEnd();
 * const samples = Float32Array.from({ length: 22050 }, (_, n) => Math.sin((2 * Math.PI * 440 * n) / 22050));
 * const { shape, data } = logMel({ samples, sampleRate: 22050 }, front);
 * const frame = [...data.subarray(20 * front.nMels, 21 * front.nMels)];
 * console.log(shape, frame.indexOf(Math.max(...frame))); // -> [ 44, 128 ] 16
 */
export function logMel(waveform: Waveform, frontEnd: FrontEnd): Tensor {
  const { samples, sampleRate } = toWaveform("waveform", waveform);
  checkIsFrontEnd("frontEnd", frontEnd);
  const { nMels } = frontEnd;
  if (sampleRate !== frontEnd.sampleRate)
    throw new UsageError({
      setting: "waveform",
      rule: `be at ${frontEnd.sampleRate} Hz`,
      got: `${sampleRate} Hz`,
      remedy: "resample it first",
    });
  if (samples.length === 0)
    throw new UsageError({ setting: "waveform", rule: "hold at least 1 sample", got: 0 });
  const stream = new StreamLogMel(frontEnd);
  const data = joined([stream.push(samples), stream.end()]);
  for (let i = planOf(frontEnd).probe; i < data.length; i += nMels)
    if (!Number.isFinite(data[i])) throw notFinite(samples);
  raiseTo(stream.least, data);
  return tensor(data, [data.length / nMels, nMels]);
}

/**
 * Log-mel spectrogram of a stream. The rows that `push` and `end` return make up what `logMel` gives for the whole, to the
 * bit, once `raiseTo` has raised them to `least`.
 */
export class StreamLogMel {
  readonly #frontEnd: FrontEnd;
  readonly #plan: Plan;
  readonly #samples = new SampleWindow();
  #nFrames = 0;
  #greatest = Number.NEGATIVE_INFINITY;

  /** @param frontEnd made by `frontEnd` */
  constructor(frontEnd: FrontEnd) {
    this.#frontEnd = frontEnd;
    this.#plan = planOf(frontEnd);
  }

  /** Whether the front end's `topDb` makes every value depend on the whole clip. */
  get isLimited(): boolean {
    return leastValue(this.#frontEnd.compression, 0) > Number.NEGATIVE_INFINITY;
  }

  /** The least value that the front end's `topDb` leaves, given the rows so far. */
  get least(): number {
    return leastValue(this.#frontEnd.compression, this.#greatest);
  }

  /** Adds samples at the front end's rate, and returns the frames that they complete, shape [n, nMels]. */
  push(samples: Float32Array): Float32Array {
    const { nFft, hopLength } = this.#frontEnd;
    this.#samples.push(samples);
    return this.#rowsUpTo(1 + Math.floor((this.#samples.length - nFft / 2) / hopLength));
  }

  /** Returns the last frames. */
  end(): Float32Array {
    return this.#rowsUpTo(1 + Math.floor(this.#samples.length / this.#frontEnd.hopLength));
  }

  #rowsUpTo(nFrames: number): Float32Array {
    const { nFft, hopLength, nMels } = this.#frontEnd;
    const { melFrames, compress } = this.#plan;
    const first = this.#nFrames;
    const rows = new Float32Array(Math.max(0, nFrames - first) * nMels);
    this.#nFrames += rows.length / nMels;
    for (let t = first; t < this.#nFrames; t += melFrames.framesPerBlock) {
      const n = Math.min(melFrames.framesPerBlock, this.#nFrames - t);
      compress(melFrames.mel(this.#samples, t, n), rows, (t - first) * nMels);
    }
    this.#samples.forget(this.#nFrames * hopLength - nFft / 2);
    if (this.isLimited) for (const value of rows) if (value > this.#greatest) this.#greatest = value;
    return rows;
  }
}

/** Front ends are frozen, so one plan serves every clip. */
function planOf(frontEnd: FrontEnd): Plan {
  const known = plans.get(frontEnd);
  if (known !== undefined) return known;
  const empty = new Set(emptyMelBands(frontEnd));
  const plan: Plan = {
    melFrames: melFrames(frontEnd),
    compress: compressor(frontEnd.compression),
    probe: Array.from({ length: frontEnd.nMels }, (_, m) => m).find((m) => !empty.has(m)) ?? 0,
  };
  plans.set(frontEnd, plan);
  return plan;
}

/** A sample that is not finite makes every bin of its frames not finite, so checking one band is enough. */
function notFinite(samples: Float32Array): UsageError {
  const at = samples.findIndex((value) => !Number.isFinite(value));
  return new UsageError({
    setting: "waveform",
    rule: "hold finite samples",
    got: `${samples[at]} at sample ${at}`,
    remedy: "repair the clip or leave it out",
  });
}
