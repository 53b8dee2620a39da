import meyda from "meyda";
import { hann } from "./hann.js";
import { type MagnitudeSpectrum, magnitudeSpectrum } from "./spectrum.js";

/** Input of Meyda's extractors for one frame. */
interface MeydaInput {
  signal: Float32Array;
  ampSpectrum: Float64Array; // [FRAME_LENGTH / 2 + 1]
  sampleRate: number;
  bufferSize: number;
  barkScale: Float32Array;
  melFilterBank: number[][];
}
type Extractor<T> = (input: MeydaInput) => T;

/** Meyda's object, including the members that its types omit. */
interface MeydaObject {
  bufferSize: number;
  sampleRate: number;
  melBands: number;
  numberOfMFCCCoefficients: number;
  barkScale?: Float32Array;
  melFilterBank?: number[][];
  extract(feature: string, signal: Float32Array): unknown;
  featureExtractors: Record<MeydaScalar, Extractor<number>>;
}
const library = meyda as unknown as MeydaObject;

/**
 * Meyda's scalar descriptors that timbrel uses. Left out: `spectralKurtosis`, whose formula is not a kurtosis
 * (6 * mu1 * mu2 instead of 6 * mu1^2 * mu2); `spectralSlope`, which for a given spectrum length is a linear function
 * of the centroid; `perceptualSharpness`, which does not weight the upper bands by their loudness.
 */
export const MEYDA_SCALARS = [
  "rms",
  "zcr",
  "spectralCentroid",
  "spectralSpread",
  "spectralSkewness",
  "spectralRolloff",
  "spectralFlatness",
  "spectralCrest",
  "perceptualSpread",
] as const;
export type MeydaScalar = (typeof MEYDA_SCALARS)[number];

export const N_MFCC = 13;
/** [samples] */
export const FRAME_LENGTH = 1024;
const N_MEL_BANDS = 26;
// A frame takes 0.04 ms: of a longer clip only this many frames, or a little more than half as many, are used.
const MAX_FRAMES = 96;
// -80 dB relative to full scale. Quieter frames describe the room and the converter; for zeros Meyda returns NaN.
const SILENT_RMS = 1e-4;

const hannWindow = hann(FRAME_LENGTH, FRAME_LENGTH);
let magnitudes: MagnitudeSpectrum | undefined;
const banks = new Map<number, Pick<MeydaInput, "barkScale" | "melFilterBank">>();

/**
 * Chooses the frames of a clip on which its descriptors are computed, while the clip streams by: every frame of 1024
 * samples, one beside the other, if the clip has at most 96; every second, fourth, eighth... of a longer one.
 */
export class FrameSampler {
  readonly #frames: Float32Array[] = [];
  /** Distance from one chosen frame to the next [frames]. */
  #stride = 1;
  #nSamples = 0;
  #partial = new Float32Array(FRAME_LENGTH);

  push(samples: Float32Array): void {
    for (let at = 0; at < samples.length; ) {
      const filled = this.#nSamples % FRAME_LENGTH;
      const piece = samples.subarray(at, at + FRAME_LENGTH - filled);
      const frame = Math.floor(this.#nSamples / FRAME_LENGTH);
      if (frame % this.#stride === 0) this.#partial.set(piece, filled);
      this.#nSamples += piece.length;
      at += piece.length;
      if (filled + piece.length === FRAME_LENGTH && frame % this.#stride === 0) this.#choose();
    }
  }

  /** Number of samples so far. */
  get nSamples(): number {
    return this.#nSamples;
  }

  /** The chosen frames; a clip shorter than one gives one, with zeros behind it. */
  get frames(): readonly Float32Array[] {
    return this.#frames.length === 0 ? [this.#partial] : this.#frames;
  }

  #choose(): void {
    if (this.#frames.length === MAX_FRAMES) {
      // As many frames are left as are dropped; this one is one of those that are left.
      this.#frames.splice(0, MAX_FRAMES, ...this.#frames.filter((_, i) => i % 2 === 0));
      this.#stride *= 2;
    }
    this.#frames.push(this.#partial);
    this.#partial = new Float32Array(FRAME_LENGTH);
  }
}

/**
 * Meyda's descriptors of frames: `MEYDA_SCALARS`, then 13 MFCCs. Silent frames are left out.
 *
 * Meyda's extractors are called with timbrel's own spectrum (periodic Hann, all `FRAME_LENGTH / 2 + 1` bins). That takes a
 * tenth of the time of Meyda's own, gives `rms` and `zcr` the frame without its window, and makes `spectralRolloff`
 * correct in Hz. The slow extractors are replaced by faster ones that give the same bits.
 * @param signals of `FRAME_LENGTH` samples each
 * @returns one array of `MEYDA_SCALARS.length + N_MFCC` finite numbers for each frame; none for a silent clip
 */
export function meydaFrames(signals: readonly Float32Array[], sampleRate: number): number[][] {
  const windowed = new Float64Array(FRAME_LENGTH);
  const ampSpectrum = new Float64Array(FRAME_LENGTH / 2 + 1);
  const input: MeydaInput = {
    signal: new Float32Array(FRAME_LENGTH),
    ampSpectrum,
    sampleRate,
    bufferSize: FRAME_LENGTH,
    ...banksOf(sampleRate),
  };
  const bands = sparseBands(input.melFilterBank);
  magnitudes ??= magnitudeSpectrum(FRAME_LENGTH);
  const frames: number[][] = [];
  for (const signal of signals) {
    input.signal = signal;
    if (!(library.featureExtractors.rms(input) >= SILENT_RMS)) continue;
    for (let n = 0; n < FRAME_LENGTH; n++) windowed[n] = hannWindow[n] * signal[n];
    magnitudes(windowed, ampSpectrum);
    const shape = spectralShape(ampSpectrum);
    const scalars = MEYDA_SCALARS.map((name) =>
      name in shape ? shape[name as keyof SpectralShape] : library.featureExtractors[name](input),
    );
    frames.push([...scalars, ...mfccsOf(ampSpectrum, bands)].map(finite));
  }
  return frames;
}

type SpectralShape = Record<"spectralCentroid" | "spectralSpread" | "spectralSkewness", number>;

/**
 * Meyda's `spectralCentroid`, `spectralSpread` and `spectralSkewness`, bit for bit (test/features/descriptors.test.ts), from
 * one pass over the spectrum. Meyda takes six passes, and calls `Math.pow` for every bin in each.
 */
function spectralShape(ampSpectrum: Float64Array): SpectralShape {
  let sum = 0;
  let first = 0;
  let second = 0;
  let third = 0;
  for (let k = 0; k < ampSpectrum.length; k++) {
    const amplitude = ampSpectrum[k];
    sum += amplitude;
    first += k * amplitude;
    second += k * k * amplitude;
    third += k * k * k * amplitude;
  }
  const [mu1, mu2, mu3] = [first / sum, second / sum, third / sum];
  const spread = Math.sqrt(mu2 - mu1 ** 2);
  return {
    spectralCentroid: mu1,
    spectralSpread: spread,
    spectralSkewness: (2 * mu1 ** 3 - 3 * mu1 * mu2 + mu3) / spread ** 3,
  };
}

/** A mel band without the zeros around it. */
interface SparseBand {
  readonly firstBin: number;
  readonly weights: Float64Array;
}

function sparseBands(bank: readonly number[][]): SparseBand[] {
  return bank.map((row) => {
    const weights = row.slice(0, FRAME_LENGTH / 2); // Meyda leaves out the highest bin
    const firstBin = weights.findIndex((weight) => weight !== 0);
    return {
      firstBin,
      weights: Float64Array.from(
        weights.slice(firstBin, weights.findLastIndex((weight) => weight !== 0) + 1),
      ),
    };
  });
}

const cosines = Float64Array.from({ length: N_MFCC * N_MEL_BANDS }, (_, at) => {
  const [k, n] = [Math.floor(at / N_MEL_BANDS), at % N_MEL_BANDS];
  return Math.cos((Math.PI / N_MEL_BANDS) * (n + 0.5) * k);
});
const logBands = new Float32Array(N_MEL_BANDS);

/**
 * Meyda's `mfcc`, bit for bit (test/features/descriptors.test.ts): its roundings to 32 bits are kept, but bins outside of a
 * band are not visited, and no array is made for each band.
 */
function mfccsOf(ampSpectrum: Float64Array, bands: readonly SparseBand[]): number[] {
  for (const [band, { firstBin, weights }] of bands.entries()) {
    let sum = 0;
    for (let i = 0; i < weights.length; i++) {
      const power = Math.fround(ampSpectrum[firstBin + i] ** 2);
      sum = Math.fround(sum + Math.fround(weights[i] * power));
    }
    logBands[band] = Math.log(sum + 1);
  }
  return Array.from({ length: N_MFCC }, (_, k) => {
    let sum = 0;
    for (let n = 0; n < N_MEL_BANDS; n++) sum += logBands[n] * cosines[k * N_MEL_BANDS + n];
    return 2 * sum;
  });
}

/** Replaces non-finite values by 0: the variance of a spectrum of one line is 0 or, after rounding, negative. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

/**
 * Meyda's Bark scale and mel filter bank for a sample rate. Meyda keeps the ones of the first rate it saw even when the
 * rate changes, so they are computed anew and cached here by rate.
 */
function banksOf(sampleRate: number): Pick<MeydaInput, "barkScale" | "melFilterBank"> {
  const known = banks.get(sampleRate);
  if (known !== undefined) return known;
  library.bufferSize = FRAME_LENGTH;
  library.sampleRate = sampleRate;
  library.melBands = N_MEL_BANDS;
  library.numberOfMFCCCoefficients = N_MFCC;
  library.barkScale = undefined;
  library.melFilterBank = undefined;
  library.extract("rms", new Float32Array(FRAME_LENGTH));
  const made = { barkScale: library.barkScale!, melFilterBank: library.melFilterBank! };
  banks.set(sampleRate, made);
  return made;
}
