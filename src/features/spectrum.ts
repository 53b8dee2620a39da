import FFT from "fft.js";

/** Writes the magnitudes `|X[k]|` of a real frame of `nFft` samples to `out`, for the bins `k = 0 .. nFft / 2`. */
export type MagnitudeSpectrum = (frame: Float64Array, out: Float64Array) => void;

/**
 * Returns the function for a frame's magnitudes, computed with fft.js.
 * @param nFft a power of two, at least 4
 */
export function magnitudeSpectrum(nFft: number): MagnitudeSpectrum {
  const fft = new FFT(nFft);
  const complex = new Float64Array(2 * nFft);
  return (frame, out) => {
    fft.realTransform(complex, frame);
    for (let k = 0; k <= nFft / 2; k++)
      out[k] = Math.sqrt(complex[2 * k] * complex[2 * k] + complex[2 * k + 1] * complex[2 * k + 1]);
  };
}
