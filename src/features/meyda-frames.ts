import meyda from "meyda";
import type { Waveform } from "../audio/waveform.js";
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
  numberOfMFCCCoefficients: number;
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
  featureExtractors: Record<MeydaScalar, Extractor<number>> & { mfcc: Extractor<number[]> };
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
const HOP_LENGTH = 1024;
const N_MEL_BANDS = 26;
// Meyda takes 0.16 ms per frame, mostly for the MFCCs: of a longer clip only this many frames are used, evenly spaced.
const MAX_FRAMES = 96;
// -80 dB relative to full scale. Quieter frames describe the room and the converter; for zeros Meyda returns NaN.
const SILENT_RMS = 1e-4;

const hannWindow = hann(FRAME_LENGTH, FRAME_LENGTH);
let magnitudes: MagnitudeSpectrum | undefined;
const banks = new Map<number, Pick<MeydaInput, "barkScale" | "melFilterBank">>();

/**
 * Meyda's descriptors of a clip, frame by frame: `MEYDA_SCALARS`, then 13 MFCCs. Silent frames are left out.
 *
 * Meyda's extractors are called with timbrel's own spectrum (periodic Hann, all `FRAME_LENGTH / 2 + 1` bins). That
 * takes a tenth of the time of Meyda's, gives `rms` and `zcr` the frame without its window, and makes `spectralRolloff`
 * correct in Hz.
 * @param waveform may be shorter than a frame: it is padded with zeros
 * @returns one array of `MEYDA_SCALARS.length + N_MFCC` finite numbers for each frame; none for a silent clip
 */
export function meydaFrames({ samples, sampleRate }: Waveform): number[][] {
  const nHops = Math.max(0, Math.floor((samples.length - FRAME_LENGTH) / HOP_LENGTH));
  const nFrames = Math.min(MAX_FRAMES, 1 + nHops);
  const hopLength = nFrames > 1 ? (nHops * HOP_LENGTH) / (nFrames - 1) : 0;
  const signal = new Float32Array(FRAME_LENGTH);
  const windowed = new Float64Array(FRAME_LENGTH);
  const input: MeydaInput = {
    signal,
    ampSpectrum: new Float64Array(FRAME_LENGTH / 2 + 1),
    sampleRate,
    bufferSize: FRAME_LENGTH,
    ...banksOf(sampleRate),
    numberOfMFCCCoefficients: N_MFCC,
  };
  magnitudes ??= magnitudeSpectrum(FRAME_LENGTH);
  const frames: number[][] = [];
  for (let t = 0; t < nFrames; t++) {
    const first = Math.round(t * hopLength);
    signal.fill(0).set(samples.subarray(first, first + FRAME_LENGTH));
    if (!(library.featureExtractors.rms(input) >= SILENT_RMS)) continue;
    for (let n = 0; n < FRAME_LENGTH; n++) windowed[n] = hannWindow[n] * signal[n];
    magnitudes(windowed, input.ampSpectrum);
    const scalars = MEYDA_SCALARS.map((name) => library.featureExtractors[name](input));
    frames.push([...scalars, ...library.featureExtractors.mfcc(input)].map(finite));
  }
  return frames;
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
