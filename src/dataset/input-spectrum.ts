import { Matrix } from "ml-matrix";
import type { InputNormalization } from "../nn/input-normalization.js";
import type { Covariance } from "./covariance.js";
import { eigen } from "./eigen.js";

/**
 * Eigenvalues, largest first, of the covariance of the net's normalized input, which is
 *
 *   none:         C
 *   standardize:  D^-1 C D^-1, D = diag(std)
 *   whiten:       W^T C W
 *
 * @param covariance C, of the features as they are in the store
 * @returns [nMels], or [width] if the features are whitened
 */
export function inputSpectrum(covariance: Covariance, normalization: InputNormalization): Float64Array {
  const { nBands } = covariance;
  const c = Matrix.from1DArray(nBands, nBands, covariance.matrix);
  switch (normalization.kind) {
    case "none":
      return eigen(c).values;
    case "standardize": {
      const inverse = Matrix.diag([...normalization.std].map((std) => 1 / std));
      return eigen(inverse.mmul(c).mmul(inverse)).values;
    }
    case "whiten": {
      const { data, shape } = normalization.projection;
      const w = Matrix.from1DArray(shape[0], shape[1], data);
      return eigen(w.transpose().mmul(c).mmul(w)).values;
    }
  }
}

/**
 * Largest eigenvalue of a covariance divided by its smallest: how much longer gradient descent takes along the flattest
 * direction than along the steepest.
 *
 * Infinity if the smallest of n eigenvalues is at most n * 2^-52 times the largest: that much is rounding error of the
 * decomposition (the rule of NumPy's `matrix_rank`).
 *
 * Same as: NumPy 2.x `linalg.cond` of the covariance, within 1e-10 at a value of 200;
 * test/dataset/input-spectrum.test.ts.
 * @param eigenvalues largest first, none below 0
 */
export function conditionNumber(eigenvalues: Float64Array): number {
  const largest = eigenvalues[0];
  const smallest = eigenvalues[eigenvalues.length - 1];
  return smallest <= eigenvalues.length * Number.EPSILON * largest
    ? Number.POSITIVE_INFINITY
    : largest / smallest;
}
