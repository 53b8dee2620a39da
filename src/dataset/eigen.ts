import { EigenvalueDecomposition, type Matrix } from "ml-matrix";

/** `C = vectors diag(values) vectors^T`, the columns of `vectors` orthonormal. */
export interface Eigen {
  /** [n], largest first, none below 0. */
  readonly values: Float64Array;
  /** [n, n], column i belongs to `values[i]`; its entry of largest magnitude is positive, so that results repeat. */
  readonly vectors: Float64Array;
}

/**
 * Eigenvalues and eigenvectors of a covariance: a symmetric matrix without negative eigenvalues, except by rounding.
 */
export function eigen(matrix: Matrix): Eigen {
  const n = matrix.rows;
  const found = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const order = found.realEigenvalues.map((value, column) => ({ value, column }));
  order.sort((a, b) => b.value - a.value);
  const vectors = new Float64Array(n * n);
  for (const [i, { column }] of order.entries()) {
    const vector = found.eigenvectorMatrix.getColumn(column);
    const sign =
      vector.reduce((most, entry) => (Math.abs(entry) > Math.abs(most) ? entry : most)) < 0 ? -1 : 1;
    for (let row = 0; row < n; row++) vectors[row * n + i] = sign * vector[row];
  }
  return { values: Float64Array.from(order, ({ value }) => Math.max(0, value)), vectors };
}
