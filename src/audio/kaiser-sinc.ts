/**
 * A low-pass filter as a continuous function of time: a sinc under a Kaiser window.
 *   weight(t) = scale * CUTOFF * sinc(scale * CUTOFF * t) * kaiser(scale * t / HALF_WIDTH), t in input samples
 * with scale = min(1, outRate / inRate), so that 1 / scale input samples are one sample of the lower rate. The pass band
 * is flat up to 0.9 of the lower Nyquist frequency; the stop band begins at that frequency. For the transition between
 * them, 2 * (1 - CUTOFF) of the lower Nyquist frequency wide, Kaiser's formula requires
 * (ATTENUATION_DB - 7.95) / (2.285 * 2 * pi * (1 - CUTOFF)) = 109 samples of the lower rate, HALF_WIDTH on either side.
 * Reference: Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", 1974.
 */
const ATTENUATION_DB = 86;
const CUTOFF = 0.95;
export const HALF_WIDTH = (ATTENUATION_DB - 7.95) / (2.285 * 2 * Math.PI * (1 - CUTOFF)) / 2;
const BETA = 0.1102 * (ATTENUATION_DB - 8.7);

const I0_BETA = besselI0(BETA);

/** Filter weights, one row for each fractional position of an output sample between two input samples. */
export interface FilterBank {
  /** [nRows, nTaps]; weight k of a row belongs to input sample `floor(position) - nBefore + k`. */
  readonly weights: Float32Array;
  /** A multiple of 4. */
  readonly nTaps: number;
  readonly nBefore: number;
}

/**
 * The filter at each of `fractions` (position - floor(position), about [0, 1)). Every row sums to 1, so that a constant
 * signal is unchanged.
 */
export function filterBank(fractions: Float64Array, scale: number): FilterBank {
  const reach = Math.ceil(HALF_WIDTH / scale) + 1;
  const nTaps = Math.ceil((2 * reach) / 4) * 4;
  const nBefore = reach - 1;
  const weights = new Float32Array(fractions.length * nTaps);
  const row = new Float64Array(nTaps);
  for (let r = 0; r < fractions.length; r++) {
    let sum = 0;
    for (let k = 0; k < nTaps; k++) sum += row[k] = weight(k - nBefore - fractions[r], scale);
    for (let k = 0; k < nTaps; k++) weights[r * nTaps + k] = row[k] / sum;
  }
  return { weights, nTaps, nBefore };
}

function weight(t: number, scale: number): number {
  const u = (scale * t) / HALF_WIDTH;
  if (u <= -1 || u >= 1) return 0;
  const phase = Math.PI * scale * CUTOFF * t;
  const sinc = phase === 0 ? 1 : Math.sin(phase) / phase;
  return scale * CUTOFF * sinc * (besselI0(BETA * Math.sqrt(1 - u * u)) / I0_BETA);
}

/** The modified Bessel function of order 0: sum over k of ((x / 2)^k / k!)^2. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-12 * sum; k++) sum += term *= (x / (2 * k)) ** 2;
  return sum;
}
