import type { Tensor } from "../core/tensor.js";
import { zeros } from "../core/tensor.js";
import type { FrontEnd } from "./front-end.js";
import { hzToMel, melToHz } from "./mel-scale.js";

/** The members of a front end that decide its mel bands. */
export type MelSettings = Pick<
  FrontEnd,
  "sampleRate" | "nFft" | "nMels" | "melScale" | "melNorm" | "fMin" | "fMax"
>;

/** The non-zero part of one triangle of the filter bank. */
export interface MelBand {
  /** Bin of the first weight. */
  readonly firstBin: number;
  /** Empty if the triangle falls between two bins. */
  readonly weights: Float64Array;
}

/**
 * Edges and centres of the mel bands [Hz], ascending, `nMels + 2` of them: band `m` rises from entry `m` to `m + 1` and
 * falls to `m + 2`. They are equally spaced in mels from `fMin` to `fMax`.
 */
export function melFrequencies(settings: MelSettings): Float64Array {
  const { nMels, melScale, fMin, fMax } = settings;
  const first = hzToMel(fMin, melScale);
  const step = (hzToMel(fMax, melScale) - first) / (nMels + 1);
  return Float64Array.from({ length: nMels + 2 }, (_, i) => melToHz(first + i * step, melScale));
}

/**
 * The mel filter bank as sparse rows: bin `k` is at `k * sampleRate / nFft` Hz, and
 * `weight = max(0, min((hz - left) / (centre - left), (right - hz) / (right - centre)))`, multiplied by
 * `2 / (right - left)` if `melNorm` is "slaney".
 */
export function melBands(settings: MelSettings): MelBand[] {
  const { sampleRate, nFft, nMels, melNorm } = settings;
  const edges = melFrequencies(settings);
  return Array.from({ length: nMels }, (_, m) => {
    const [left, centre, right] = edges.subarray(m, m + 3);
    const scale = melNorm === "slaney" ? 2 / (right - left) : 1;
    let firstBin = Math.max(0, Math.floor((left * nFft) / sampleRate));
    const weights: number[] = [];
    for (let k = firstBin; k <= nFft / 2; k++) {
      const hz = (k * sampleRate) / nFft;
      const weight = Math.min((hz - left) / (centre - left), (right - hz) / (right - centre));
      if (weight > 0) weights.push(weight * scale);
      else if (hz >= centre) break;
      else firstBin = k + 1;
    }
    return { firstBin, weights: Float64Array.from(weights) };
  });
}

/**
 * The mel filter bank as a matrix, `mel = melFilterBank @ spectrum`.
 *
 * Same as: librosa 0.11 `filters.mel(sr=, n_fft=, n_mels=, fmin=, fmax=, htk=, norm="slaney" | None)`, within 3e-7
 * (test/features/mel-filter-bank.test.ts).
 *
 * Reference: Malcolm Slaney, Auditory Toolbox, Interval Research technical report 1998-010.
 * @returns shape [nMels, nFft / 2 + 1]
 */
export function melFilterBank(settings: MelSettings): Tensor {
  const nBins = settings.nFft / 2 + 1;
  const matrix = zeros([settings.nMels, nBins]);
  melBands(settings).forEach((band, m) => {
    matrix.data.set(band.weights, m * nBins + band.firstBin);
  });
  return matrix;
}

/**
 * Indices of the bands that contain no bin, so that their features are silence for every clip. They are the lowest
 * ones, where triangles are narrower than the distance between two bins; fewer bands or a larger `nFft` fill them.
 */
export function emptyMelBands(settings: MelSettings): number[] {
  return melBands(settings).flatMap((band, m) => (band.weights.length === 0 ? [m] : []));
}
