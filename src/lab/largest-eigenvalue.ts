import { checkInteger, checkNumber } from "../core/check.js";
import type { Random } from "../core/random.js";

/** A loss's gradient at some weights, both flat. */
export type GradientAt = (weights: Float32Array) => Promise<Float32Array>;

/** A curvature and the direction that it was found in. */
export interface Eigenpair {
  readonly eigenvalue: number;
  /** Of length 1. */
  readonly vector: Float32Array;
}

/**
 * How far from the weights the two gradients lie whose difference is a product with the Hessian. A central difference
 * errs by a term in step^2 and by the gradients' rounding, 6e-8, over step: least near the cube root of 6e-8, 2^-8.
 */
const STEP = 2 ** -8;

/**
 * The largest eigenvalue of a loss's Hessian, by power iteration on central differences of gradients:
 *
 *   Hv = (gradient(w + step v) - gradient(w - step v)) / (2 step),   v <- Hv / |Hv|,   eigenvalue = v . Hv
 *
 * until the eigenvalue moves by less than `tolerance` of itself. Power iteration finds the eigenvalue of largest size;
 * where that is negative, a second one of H + size * I finds the largest. Where another eigenvalue is nearly as large, it
 * comes slowly, from below.
 *
 * @param options.start direction to begin with, e.g. that of weights near by. @default a random one, from `random`
 * @param options.tolerance above 0. @default 1e-3
 * @param options.maxIterations of each of the two, at least 1. @default 50
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
    // A loss without curvature leaves no direction.
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
