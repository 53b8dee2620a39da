/** Vectors of one length, one after the other. */
export interface Vectors {
  /** [n, size] */
  readonly data: Float32Array;
  readonly size: number;
}

/** Linear functions of a vector, one for each kind: that of the kind which the vector is most like is the greatest. */
export interface Discriminants {
  /** [size] for each kind */
  readonly weights: readonly Float64Array[];
  /** One for each kind. */
  readonly biases: readonly number[];
}

/** Weight of the identity in the covariance: the rest is the mean of the kinds' own covariances. */
const RIDGE = 0.9;
/** Deviations are at least this fraction of the greatest, so that a value which never changes does not decide. */
const LEAST_STD = 1e-3;
const MAX_ITERATIONS = 200;
/** Norm of the residual, relative to the right side's, at which the solution is good enough. */
const TOLERANCE = 1e-5;

/**
 * Fisher's linear discriminants of several kinds of vectors, with a ridge:
 *
 *     weights = (0.1 * covariance + 0.9 * I)^-1 mean(kind)
 *     bias = -mean(kind) . weights / 2
 *
 * of the vectors minus the mean of all and divided by their deviations. The covariance, scaled to a mean variance of 1, is
 * the mean of the kinds' own. The equations are solved by conjugate gradients, without the covariance in memory.
 * @param kinds at least one vector of each
 * @returns functions of vectors that are neither shifted nor divided
 * Same as: ml-matrix 6 solve of these equations, within 1e-4 of the greatest; test/evaluation/fisher-discriminants.test.ts
 */
export function fisherDiscriminants(kinds: readonly Vectors[]): Discriminants {
  const { mean: centre, std } = meanAndDeviation(kinds);
  const centred = kinds.map((kind) => centredKind(kind, centre, std));
  const variance = centred.reduce((total, { meanSquare }) => total + meanSquare / kinds.length, 0);
  const times = (x: Float64Array): Float64Array => {
    const out = Float64Array.from(x, (value) => RIDGE * value);
    if (variance > 0)
      for (const { rows, count } of centred)
        addCovarianceTimes(rows, x, (1 - RIDGE) / (kinds.length * count * variance), out);
    return out;
  };
  const solved = centred.map(({ mean }) => ({ mean, weights: solve(times, mean) }));
  const weights = solved.map((each) => each.weights.map((value, i) => value / std[i]));
  return {
    weights,
    biases: solved.map((each, kind) => -dot(each.mean, each.weights) / 2 - dot(weights[kind], centre)),
  };
}

function meanAndDeviation(kinds: readonly Vectors[]): { mean: Float64Array; std: Float64Array } {
  const [{ size }] = kinds;
  const count = kinds.reduce((sum, { data }) => sum + data.length / size, 0);
  const [mean, squares] = [new Float64Array(size), new Float64Array(size)];
  for (const { data } of kinds) for (let i = 0; i < data.length; i++) mean[i % size] += data[i] / count;
  for (const { data } of kinds)
    for (let i = 0; i < data.length; i++) squares[i % size] += (data[i] - mean[i % size]) ** 2 / count;
  const std = squares.map(Math.sqrt);
  const least = std.reduce((most, value) => Math.max(most, value), 0) * LEAST_STD;
  return { mean, std: std.map((value) => Math.max(value, least) || 1) };
}

/** The vectors of a kind minus their mean, which is shifted by `centre`, both divided by `std`. */
function centredKind({ data, size }: Vectors, centre: Float64Array, std: Float64Array) {
  const count = data.length / size;
  const mean = new Float64Array(size);
  for (let i = 0; i < data.length; i++)
    mean[i % size] += (data[i] - centre[i % size]) / std[i % size] / count;
  const rows = Float32Array.from(
    data,
    (value, i) => (value - centre[i % size]) / std[i % size] - mean[i % size],
  );
  const meanSquare = rows.reduce((sum, value) => sum + value * value, 0) / rows.length;
  return { rows, count, mean, meanSquare };
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
