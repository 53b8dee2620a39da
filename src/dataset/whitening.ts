import { Matrix } from "ml-matrix";
import { checkInteger, checkNumber } from "../core/check.js";
import type { Tensor } from "../core/tensor.js";
import type { Covariance } from "./covariance.js";
import { type Eigen, eigen } from "./eigen.js";

/** Transform that makes features uncorrelated, with deviation 1: `(x - mean) projection`. */
export interface Whitening {
  /** `pca`: along the principal components, largest first; `zca`: rotated back, with every output near its own band. */
  readonly kind: "pca" | "zca";
  /** [nMels] */
  readonly mean: Float32Array;
  /** [nMels, width]; width is `keptComponents` for `pca` and nMels for `zca`. */
  readonly projection: Tensor;
  /** [nMels], of the population covariance, largest first. */
  readonly eigenvalues: Float64Array;
  readonly keptComponents: number;
  readonly epsilon: number;
  /** Number of frames it was fitted on. */
  readonly nFrames: number;
}

/**
 * The whitening of frames with this mean and covariance C = V diag(lambda) V^T.
 *
 * `pca: W = V_k diag(1 / (sqrt(lambda) + epsilon))`, `zca: W = V_k diag(1 / (sqrt(lambda) + epsilon)) V_k^T`, V_k the
 * first k columns of V. The sign of a column is chosen so that its entry of largest magnitude is positive.
 *
 * Same as: scikit-learn 1.x `PCA(whiten=True).fit(frames).transform(frames)` with negligible epsilon, up to sign and a
 * factor of sqrt(n / (n - 1)), since scikit-learn's deviation has n - 1 in it and this one n, within 1e-5;
 * k as `PCA(n_components=keepVariance)`; test/dataset/whitening.test.ts.
 * Reference: Kessy, Lewin and Strimmer, "Optimal whitening and decorrelation", 2018.
 * @param covariance as `fitCovariance` returns it, of at least one frame
 * @param options `zca`, `@default` false; `keepVariance` in (0, 1]: k is the smallest number of components that hold this
 *   fraction of the variance, `@default` 1: all of them; `epsilon` greater than 0, `@default` 1e-3 as in
 *   `standardizationOf`: a direction that hardly varies in training is amplified by at most 1 / epsilon
 */
export function whiteningOf(
  covariance: Covariance,
  options: { zca?: boolean; keepVariance?: number; epsilon?: number } = {},
): Whitening {
  const { zca = false, keepVariance = 1, epsilon = 1e-3 } = options;
  checkNumber("keepVariance", keepVariance, { above: 0, max: 1 });
  checkNumber("epsilon", epsilon, { above: 0 });
  checkInteger("covariance.count", covariance.count, { min: 1 });
  const nMels = covariance.nBands;
  const found = eigen(Matrix.from1DArray(nMels, nMels, covariance.matrix));
  const keptComponents = keepVariance === 1 ? nMels : componentsFor(keepVariance, found.values);
  const projection = (zca ? zcaProjection : pcaProjection)(found, keptComponents, epsilon);
  return {
    kind: zca ? "zca" : "pca",
    mean: Float32Array.from(covariance.mean),
    projection: { data: Float32Array.from(projection.to1DArray()), shape: [nMels, projection.columns] },
    eigenvalues: found.values,
    keptComponents,
    epsilon,
    nFrames: covariance.count,
  };
}

/** The smallest number of eigenvalues that hold this fraction of their sum, at least 1. */
function componentsFor(fraction: number, eigenvalues: Float64Array): number {
  const wanted = fraction * eigenvalues.reduce((sum, value) => sum + value, 0);
  let held = eigenvalues[0];
  let kept = 1;
  while (held < wanted) held += eigenvalues[kept++];
  return kept;
}

/** [nMels, kept] */
function pcaProjection({ values, vectors }: Eigen, kept: number, epsilon: number): Matrix {
  const projection = new Matrix(values.length, kept);
  for (let band = 0; band < values.length; band++)
    for (let i = 0; i < kept; i++)
      projection.set(band, i, vectors[band * values.length + i] / (Math.sqrt(values[i]) + epsilon));
  return projection;
}

/** [nMels, nMels] */
function zcaProjection(found: Eigen, kept: number, epsilon: number): Matrix {
  const n = found.values.length;
  const back = Matrix.from1DArray(n, n, found.vectors)
    .subMatrix(0, n - 1, 0, kept - 1)
    .transpose(); // [kept, nMels]
  return pcaProjection(found, kept, epsilon).mmul(back);
}
