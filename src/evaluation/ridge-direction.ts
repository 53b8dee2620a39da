/** Vectors of one length, one after the other. */
export interface Vectors {
  /** [n, size] */
  readonly data: Float32Array;
  readonly size: number;
}

/** Weight of the identity in the covariance: the rest is the mean of both kinds' own covariances. */
const RIDGE = 0.9;
/** Deviations are at least this fraction of the greatest, so that a value which never changes does not decide. */
const LEAST_STD = 1e-3;
const MAX_ITERATIONS = 200;
/** Norm of the residual, relative to the right side's, at which the solution is good enough. */
const TOLERANCE = 1e-5;

/**
 * The direction that tells one kind of vectors from another: Fisher's linear discriminant with a ridge,
 *
 *     direction = (0.1 * covariance + 0.9 * I)^-1 (mean(others) - mean(vectors))
 *
 * of the vectors divided by their deviations, in which the covariance, scaled to a mean variance of 1, is the mean of both
 * kinds' own. It is solved by conjugate gradients, without the covariance in memory.
 * @returns [size], to be multiplied with vectors that are not divided
 * Same as: ml-matrix 6 solve of these equations, within 1e-4 of the greatest; test/evaluation/ridge-direction.test.ts
 */
export function ridgeDirection(vectors: Vectors, others: Vectors): Float64Array {
  const { size } = vectors;
  const std = deviations(vectors);
  const kinds = [vectors, others].map((kind) => centred(kind, std));
  const difference = Float64Array.from(kinds[1].mean, (value, i) => value - kinds[0].mean[i]);
  const variance = kinds.reduce((total, { meanSquare }) => total + meanSquare / 2, 0);
  const times = (x: Float64Array): Float64Array => {
    const out = Float64Array.from(x, (value) => RIDGE * value);
    if (variance > 0)
      for (const { rows, count } of kinds)
        addCovarianceTimes(rows, x, (1 - RIDGE) / (2 * count * variance), out);
    return out;
  };
  return solve(times, difference).map((value, i) => value / std[i]);

  function centred(kind: Vectors, scale: Float64Array) {
    const count = kind.data.length / size;
    const mean = new Float64Array(size);
    for (let i = 0; i < kind.data.length; i++) mean[i % size] += kind.data[i] / scale[i % size] / count;
    const rows = Float32Array.from(kind.data, (value, i) => value / scale[i % size] - mean[i % size]);
    const meanSquare = rows.reduce((sum, value) => sum + value * value, 0) / rows.length;
    return { rows, count, mean, meanSquare };
  }
}

function deviations({ data, size }: Vectors): Float64Array {
  const count = data.length / size;
  const [mean, squares] = [new Float64Array(size), new Float64Array(size)];
  for (let i = 0; i < data.length; i++) mean[i % size] += data[i] / count;
  for (let i = 0; i < data.length; i++) squares[i % size] += (data[i] - mean[i % size]) ** 2 / count;
  const std = squares.map(Math.sqrt);
  const least = std.reduce((most, value) => Math.max(most, value), 0) * LEAST_STD;
  return std.map((value) => Math.max(value, least) || 1);
}

/** Adds `factor * rows^T rows x` to `out`. */
function addCovarianceTimes(rows: Float32Array, x: Float64Array, factor: number, out: Float64Array): void {
  for (let at = 0; at < rows.length; at += x.length) {
    let product = 0;
    for (let i = 0; i < x.length; i++) product += rows[at + i] * x[i];
    product *= factor;
    for (let i = 0; i < x.length; i++) out[i] += rows[at + i] * product;
  }
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** Solves `matrix x = right` by conjugate gradients, for a matrix that is symmetric and positive definite. */
function solve(times: (x: Float64Array) => Float64Array, right: Float64Array): Float64Array {
  const x = new Float64Array(right.length);
  const residual = right.slice();
  const along = right.slice();
  let left = dot(residual, residual);
  const enough = left * TOLERANCE ** 2;
  for (let i = 0; i < MAX_ITERATIONS && left > enough; i++) {
    const product = times(along);
    const step = left / dot(along, product);
    for (let k = 0; k < x.length; k++) {
      x[k] += step * along[k];
      residual[k] -= step * product[k];
    }
    const next = dot(residual, residual);
    for (let k = 0; k < x.length; k++) along[k] = residual[k] + (next / left) * along[k];
    left = next;
  }
  return x;
}
