import { checkInteger, checkNumber } from "../core/check.js";
import type { Random } from "../core/random.js";

/** Computes a loss's gradient at some weights, both as flat vectors. */
export type GradientAt = (weights: Float32Array) => Promise<Float32Array>;

/** An eigenvalue of a Hessian and its eigenvector: a curvature and its direction. */
export interface Eigenpair {
  readonly eigenvalue: number;
  /** A vector of length 1. */
  readonly vector: Float32Array;
}

/**
 * Distance from the weights to each of the two gradients of a central difference. Its error is a term in step^2 plus
 * the gradients' rounding error over step, 6e-8 / step; the sum is smallest near the cube root of 6e-8, about 2^-8.
 */
const STEP = 2 ** -8;

/**
 * Finds the largest eigenvalue of a loss's Hessian by power iteration on central differences of gradients:
 *
 *   Hv = (gradient(w + step v) - gradient(w - step v)) / (2 step),   v <- Hv / |Hv|,   eigenvalue = v . Hv
 *
 * until the eigenvalue changes by less than `tolerance`, relative to itself. Power iteration finds the eigenvalue of
 * largest magnitude; if that is negative, a second iteration with H + magnitude * I finds the largest. It converges
 * slowly, from below, if another eigenvalue is nearly as large.
 *
 * @param options.start initial direction, e.g. the result at nearby weights. @default a random one, from `random`
 * @param options.tolerance above 0. @default 1e-3
 * @param options.maxIterations for each of the two power iterations, at least 1. @default 50
 * Same as: PyTorch 2.15 torch.func.hessian and torch.linalg.eigvalsh of a tanh net within 1e-4, at a tolerance of 1e-7;
 * test/lab/largest-eigenvalue.test.ts
 */
export async function largestEigenvalue(
  gradientAt: GradientAt,
  weights: Float32Array,
  options: {
    random: Random;
    start?: Float32Array | undefined;
    tolerance?: number;
    maxIterations?: number;
  },
): Promise<Eigenpair> {
  const { random, tolerance = 1e-3, maxIterations = 50 } = options;
  checkNumber("tolerance", tolerance, { above: 0 });
  checkInteger("maxIterations", maxIterations, { min: 1 });
  const start = options.start ?? weights.map(() => random.normal());
  const iterate = (shift: number) =>
    powerIteration((vector) => hessianTimes(gradientAt, weights, vector), start, {
      shift,
      tolerance,
      maxIterations,
    });
  const found = await iterate(0);
  return found.eigenvalue >= 0 ? found : iterate(-found.eigenvalue);
}

async function powerIteration(
  times: (vector: Float32Array) => Promise<Float64Array>,
  start: Float32Array,
  options: { shift: number; tolerance: number; maxIterations: number },
): Promise<Eigenpair> {
  const { shift, tolerance, maxIterations } = options;
  let vector = unit(start);
  let last = Number.NaN;
  for (let iteration = 1; ; iteration++) {
    const product = await times(vector);
    const eigenvalue = dot(product, vector);
    if (Math.abs(eigenvalue - last) < tolerance * Math.abs(eigenvalue) || iteration === maxIterations)
      return { eigenvalue, vector };
    last = eigenvalue;
    const next = product.map((value, i) => value + shift * vector[i]);
    // Without curvature there is no next direction.
    if (!(dot(next, next) > 0)) return { eigenvalue, vector };
    vector = unit(next);
  }
}

/** The Hessian times a vector of length 1. */
async function hessianTimes(
  gradientAt: GradientAt,
  weights: Float32Array,
  vector: Float32Array,
): Promise<Float64Array> {
  const after = await gradientAt(weights.map((weight, i) => weight + STEP * vector[i]));
  const before = await gradientAt(weights.map((weight, i) => weight - STEP * vector[i]));
  return Float64Array.from(after, (value, i) => (value - before[i]) / (2 * STEP));
}

function unit(vector: ArrayLike<number>): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  return Float32Array.from(vector, (value) => value / length);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
