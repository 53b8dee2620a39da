import type { Waveform } from "../audio/waveform.js";
import { UsageError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import { tensor } from "../core/tensor.js";
import { type Compress, compressor, limitRange } from "./compress.js";
import type { FrontEnd } from "./front-end.js";
import { hann } from "./hann.js";
import { type MelBand, melBands } from "./mel-filter-bank.js";
import { type Spectrum, spectrum } from "./spectrum.js";

/** What all clips of one front end share, and room for one frame on its way. */
interface Plan {
  readonly window: Float64Array; // [nFft]
  readonly spectrum: Spectrum;
  readonly bands: MelBand[]; // [nMels]
  readonly compress: Compress;
  readonly frame: Float64Array; // [nFft]
  readonly bins: Float64Array; // [nFft / 2 + 1]
  readonly mel: Float64Array; // [nMels]
}

const plans = new WeakMap<FrontEnd, Plan>();

/**
 * Log-compressed mel spectrogram: frames of the clip -> window -> spectrum -> mel bands -> compression.
 * Computed in double precision, stored in single.
 *
 * Same as: librosa 0.11 `feature.melspectrogram(y=, sr=, n_fft=, win_length=, hop_length=, pad_mode="constant", power=,
 * n_mels=, fmin=, fmax=, htk=, norm=).T`, then the compression (`power_to_db` for `powerToDb`), within 1e-5 of the
 * largest value (test/features/log-mel.test.ts).
 * @param waveform at `frontEnd.sampleRate`, at least one sample; shorter than a window is no matter
 * @param frontEnd made by `frontEnd`
 * @returns shape [nFrames, nMels], `nFrames = 1 + floor(nSamples / hopLength)`
 * @throws UsageError for another sample rate, no samples, or samples that are not finite
 */
export function logMel(waveform: Waveform, frontEnd: FrontEnd): Tensor {
  const { samples, sampleRate } = waveform;
  const { hopLength, nFft, nMels } = frontEnd;
  if (sampleRate !== frontEnd.sampleRate)
    throw new UsageError(
      `logMel: waveform must be at ${frontEnd.sampleRate} Hz, got ${sampleRate} Hz; resample it first`,
    );
  if (samples.length === 0) throw new UsageError("logMel: waveform must hold at least 1 sample, got 0");
  const plan = planOf(frontEnd);
  const nFrames = 1 + Math.floor(samples.length / hopLength);
  const out = new Float32Array(nFrames * nMels);
  for (let t = 0; t < nFrames; t++) {
    const first = t * hopLength - nFft / 2;
    cutFrame(samples, first, plan.window, plan.frame); // [nFft]
    plan.spectrum(plan.frame, plan.bins); // [nFft / 2 + 1]
    if (!Number.isFinite(plan.bins[0])) throw notFinite(samples, first, nFft);
    sumBands(plan.bins, plan.bands, plan.mel); // [nMels]
    plan.compress(plan.mel, out, t * nMels);
  }
  limitRange(out, frontEnd.compression);
  return tensor(out, [nFrames, nMels]);
}

/** Front ends are frozen, so one plan serves every clip. */
function planOf(frontEnd: FrontEnd): Plan {
  const known = plans.get(frontEnd);
  if (known !== undefined) return known;
  const { nFft, winLength, nMels, power, compression } = frontEnd;
  const plan: Plan = {
    window: hann(winLength, nFft),
    spectrum: spectrum(nFft, power),
    bands: melBands(frontEnd),
    compress: compressor(compression),
    frame: new Float64Array(nFft),
    bins: new Float64Array(nFft / 2 + 1),
    mel: new Float64Array(nMels),
  };
  plans.set(frontEnd, plan);
  return plan;
}

/** `frame[n] = window[n] * samples[first + n]`, zero past the ends. */
function cutFrame(samples: Float32Array, first: number, window: Float64Array, frame: Float64Array): void {
  const from = Math.min(frame.length, Math.max(0, -first));
  const to = Math.max(from, Math.min(frame.length, samples.length - first));
  if (from > 0) frame.fill(0, 0, from);
  for (let n = from; n < to; n++) frame[n] = window[n] * samples[first + n];
  if (to < frame.length) frame.fill(0, to);
}

/** The bands' weighted sums; two partial sums each, since a single one waits for every addition. */
function sumBands(bins: Float64Array, bands: MelBand[], mel: Float64Array): void {
  for (let m = 0; m < bands.length; m++) {
    const { firstBin, weights } = bands[m];
    const nPairs = weights.length >> 1;
    let even = 0;
    let odd = 0;
    for (let k = 0; k < 2 * nPairs; k += 2) {
      even += weights[k] * bins[firstBin + k];
      odd += weights[k + 1] * bins[firstBin + k + 1];
    }
    if (weights.length > 2 * nPairs) even += weights[2 * nPairs] * bins[firstBin + 2 * nPairs];
    mel[m] = even + odd;
  }
}

/** A sample that is not finite makes every bin of its frame not finite, so bin 0 tells. */
function notFinite(samples: Float32Array, first: number, nFft: number): UsageError {
  const at = samples.findIndex((value, n) => n >= first && n < first + nFft && !Number.isFinite(value));
  return new UsageError(
    `logMel: waveform must hold finite samples, got ${samples[at]} at sample ${at}; repair or leave out the clip`,
  );
}
