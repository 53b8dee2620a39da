import type { Random } from "../core/random.js";

/** Draws a smooth random curve: cosines of the lowest orders with normal amplitudes; standard deviation about `std`. */
export function smoothCurve(
  random: Random,
  length: number,
  options: { std: number; orders: number },
): Float32Array {
  const { std, orders } = options;
  const curve = new Float32Array(length);
  for (let order = 1; order <= orders; order++) {
    const amplitude = (std * Math.SQRT2 * random.normal()) / Math.sqrt(orders);
    for (let i = 0; i < length; i++) curve[i] += amplitude * Math.cos((Math.PI * order * (i + 0.5)) / length);
  }
  return curve;
}

/** Calls `draw` for each of `count` examples and joins the results. */
export function drawEach(count: number, length: number, draw: () => Float32Array): Float32Array {
  const all = new Float32Array(count * length);
  for (let i = 0; i < count; i++) all.set(draw(), i * length);
  return all;
}

/** Draws a mask: 0 in `count` runs of random start and random length up to `longest`, 1 elsewhere. */
export function maskCurve(
  random: Random,
  length: number,
  options: { longest: number; count: number },
): Float32Array {
  const mask = new Float32Array(length).fill(1);
  for (let i = 0; i < options.count; i++) {
    const width = random.integer(options.longest + 1);
    const start = random.integer(length - Math.min(width, length) + 1);
    mask.fill(0, start, start + width);
  }
  return mask;
}

/**
 * A matrix [length, length] that resamples `length` values: its row j interpolates linearly at position
 * centre + (j - centre) * stretch + shift. Outside the values it reads 0, which is silence.
 */
export function readingMatrix(
  length: number,
  { stretch, shift }: { stretch: number; shift: number },
): Float32Array {
  const matrix = new Float32Array(length * length);
  const centre = (length - 1) / 2;
  for (let j = 0; j < length; j++) {
    const place = centre + (j - centre) * stretch + shift;
    const before = Math.floor(place);
    const part = place - before;
    if (before >= 0 && before < length) matrix[j * length + before] = 1 - part;
    if (before + 1 >= 0 && before + 1 < length) matrix[j * length + before + 1] = part;
  }
  return matrix;
}

/** Draws a factor in [1 / (1 + spread), 1 + spread] whose logarithm is uniform. */
export function stretchFactor(random: Random, spread: number): number {
  return Math.exp(random.uniform(-1, 1) * Math.log1p(spread));
}

/**
 * A matrix [length, length] that adds a room's decay to powers over time: row t is 1 at t and falls exponentially before it.
 * @param options.decaySec time in which the decay falls by 60 dB [s]; 0 for none
 * @param options.levelDb power of the whole decay, relative to the direct sound [dB]
 * @param options.frameSec distance of two values [s]
 */
export function decayMatrix(
  length: number,
  { decaySec, levelDb, frameSec }: { decaySec: number; levelDb: number; frameSec: number },
): Float32Array {
  const matrix = new Float32Array(length * length);
  const factor = decaySec > 0 ? 10 ** ((-6 * frameSec) / decaySec) : 0; // of power, a frame
  const first = 10 ** (levelDb / 10) * (1 - factor); // so that first * (1 + factor + factor^2 + ...) is the level
  for (let row = 0; row < length; row++) {
    matrix[row * length + row] = 1;
    if (factor === 0) continue;
    for (let column = row - 1, power = first; column >= 0; column--, power *= factor)
      matrix[row * length + column] = power;
  }
  return matrix;
}

/** Bounds of what `filterCurve` draws: cutoffs as fractions of the bands, and slopes in dB a band. */
const LOW_PASS = [0.4, 1] as const;
const HIGH_PASS = [0, 0.15] as const;
const SLOPE_DB = [0.5, 6] as const;

/**
 * Draws the gain of a low-pass and a high-pass over mel bands [dB]; each is there with this probability.
 * The low-pass begins in the upper 60 % of the bands, the high-pass in the lowest 15 %.
 */
export function filterCurve(random: Random, nMels: number, probability: number): Float32Array {
  const curve = new Float32Array(nMels);
  for (const [range, sign] of [
    [LOW_PASS, 1],
    [HIGH_PASS, -1],
  ] as const) {
    const isThere = random.uniform() < probability;
    const cutoff = random.uniform(...range) * nMels;
    const slope = random.uniform(...SLOPE_DB);
    if (isThere) for (let i = 0; i < nMels; i++) curve[i] -= slope * Math.max(0, sign * (i - cutoff));
  }
  return curve;
}
