import FFT from "fft.js";

/** Writes `|X[k]|^2` of a real frame of `nFft` samples to `out`, for the bins `k = 0 .. nFft / 2`. */
export type PowerSpectrum = (frame: Float64Array, out: Float64Array) => void;

/**
 * Power spectrum by a Fourier transform of half the length: the even samples as real parts and the odd ones as imaginary
 * parts (which is how the frame lies in memory), then both halves told apart. With fft.js this takes 5.5 us for 1024
 * samples, its own `realTransform` 7.
 *
 *     Z = FFT(frame[2n] + i * frame[2n + 1])                 M = nFft / 2 values
 *     E[k] = (Z[k] + conj(Z[M - k])) / 2                     spectrum of the even samples
 *     O[k] = (Z[k] - conj(Z[M - k])) / 2i                    spectrum of the odd samples
 *     X[k] = E[k] + exp(-2 pi i k / nFft) * O[k]
 *     X[M - k] = conj(E[k] - exp(-2 pi i k / nFft) * O[k])
 *
 * Reference: Press et al., Numerical Recipes, 12.3 "FFT of single real function".
 * @param nFft a power of two, at least 4
 */
export function powerSpectrum(nFft: number): PowerSpectrum {
  const half = nFft / 2;
  const fft = new FFT(half);
  const z = new Float64Array(nFft);
  const cos = Float64Array.from({ length: half / 2 + 1 }, (_, k) => Math.cos((2 * Math.PI * k) / nFft));
  const sin = Float64Array.from({ length: half / 2 + 1 }, (_, k) => Math.sin((2 * Math.PI * k) / nFft));

  return (frame, out) => {
    fft.transform(z as unknown as number[], frame as unknown as number[]);
    out[0] = (z[0] + z[1]) ** 2;
    out[half] = (z[0] - z[1]) ** 2;
    for (let k = 1; k <= half / 2; k++) {
      const m = half - k;
      const evenRe = (z[2 * k] + z[2 * m]) / 2;
      const evenIm = (z[2 * k + 1] - z[2 * m + 1]) / 2;
      const oddRe = (z[2 * k + 1] + z[2 * m + 1]) / 2;
      const oddIm = (z[2 * m] - z[2 * k]) / 2;
      const turnedRe = oddRe * cos[k] + oddIm * sin[k];
      const turnedIm = oddIm * cos[k] - oddRe * sin[k];
      const sumRe = evenRe + turnedRe;
      const sumIm = evenIm + turnedIm;
      const diffRe = evenRe - turnedRe;
      const diffIm = evenIm - turnedIm;
      out[k] = sumRe * sumRe + sumIm * sumIm;
      out[m] = diffRe * diffRe + diffIm * diffIm;
    }
  };
}
