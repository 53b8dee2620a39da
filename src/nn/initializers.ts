import { Matrix, QrDecomposition } from "ml-matrix";
import type { Random } from "../core/random.js";
import { sizeOf } from "../core/tensor.js";
import { type ActivationName, LEAKY_SLOPE } from "./activations.js";

/** Draws the initial values of a parameter of a given shape. */
export type Initializer = (shape: readonly number[], random: Random) => Float32Array;

/** The names of the rules for initial weights. */
export const INITIALIZER_NAMES = [
  "glorot-uniform",
  "glorot-normal",
  "he-uniform",
  "he-normal",
  "lecun-uniform",
  "lecun-normal",
  "orthogonal",
  "small",
  "zeros",
] as const;

export type InitializerName = (typeof INITIALIZER_NAMES)[number];

/** Standard deviation of `small`, for any fan-in: signals and gradients vanish in a deep net, on purpose. */
const SMALL_STD = 0.01;

/**
 * Fan-in and fan-out of a weight, the numbers of inputs and outputs that it connects:
 * fanIn = inChannels * kernel elements, fanOut = outChannels * kernel elements.
 * @param shape [outFeatures, inFeatures, ...kernel]
 */
export function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const [out, into, ...kernel] = shape;
  return { fanIn: into * sizeOf(kernel), fanOut: out * sizeOf(kernel) };
}

/**
 * The factor that restores the mean square after an activation: 2 for ReLU, and for the activations close to it (ELU,
 * GELU, SiLU); exactly 2 / (1 + slope^2) for leaky ReLU.
 *
 * Same as: PyTorch 2.15 torch.nn.init.calculate_gain of relu and leaky_relu, squared; test/nn/initializers.test.ts
 */
function squaredGain(activation: ActivationName): number {
  return activation === "leaky-relu" ? 2 / (1 + LEAKY_SLOPE * LEAKY_SLOPE) : 2;
}

/**
 * The variance of the initial weights under each rule; their mean is 0:
 *
 *   glorot-*    2 / (fanIn + fanOut)    a compromise between keeping the variances of activations and of gradients
 *   he-*        gain^2 / fanIn          keeps the mean square of activations through the ReLU family
 *   lecun-*     1 / fanIn               keeps the variance through layers that are nearly linear
 *   orthogonal  1 / max(outFeatures, fanIn)
 *   small       0.01^2
 *   zeros       0
 *
 * with gain^2 = 2 / (1 + slope^2) for leaky ReLU and 2 otherwise. Only he-* reads the activation.
 *
 * @param activation the activation after the layer
 * @param shape [outFeatures, inFeatures, ...kernel]
 */
export function initialVariance(
  name: InitializerName,
  activation: ActivationName,
  shape: readonly number[],
): number {
  const { fanIn, fanOut } = fans(shape);
  switch (name) {
    case "glorot-uniform":
    case "glorot-normal":
      return 2 / (fanIn + fanOut);
    case "he-uniform":
    case "he-normal":
      return squaredGain(activation) / fanIn;
    case "lecun-uniform":
    case "lecun-normal":
      return 1 / fanIn;
    case "orthogonal":
      return 1 / Math.max(shape[0], fanIn);
    case "small":
      return SMALL_STD * SMALL_STD;
    case "zeros":
      return 0;
  }
}

/**
 * Returns the initializer of a name for a layer in front of an activation. Its variance is `initialVariance`; the
 * normal ones are not truncated, the uniform ones fill [-sqrt(3 * variance), sqrt(3 * variance)).
 *
 * The numbers come from + - * / and sqrt, which IEEE 754 rounds exactly, and from Math.log, which V8 computes in
 * software with fdlibm, so that a seed gives the same float32 weights on every platform.
 *
 * Same distribution as, in torch.nn.init:
 *   glorot-uniform, glorot-normal  xavier_uniform_(w), xavier_normal_(w)
 *   he-uniform, he-normal          kaiming_uniform_, kaiming_normal_(w, mode="fan_in", nonlinearity="relu"), in front
 *                                  of leaky ReLU (w, a=0.01, mode="fan_in", nonlinearity="leaky_relu")
 *   lecun-uniform, lecun-normal    kaiming_uniform_, kaiming_normal_(w, mode="fan_in", nonlinearity="linear")
 *   orthogonal                     orthogonal_(w)
 *   small, zeros                   normal_(w, 0, 0.01), zeros_(w)
 * test/nn/initializers.test.ts checks means, variances and shapes.
 *
 * Reference: Glorot and Bengio, 2010, https://proceedings.mlr.press/v9/glorot10a.html; He et al., 2015,
 * https://arxiv.org/abs/1502.01852; LeCun et al., Efficient BackProp, 1998; Saxe et al., 2014,
 * https://arxiv.org/abs/1312.6120
 */
export function initializerOf(name: InitializerName, activation: ActivationName): Initializer {
  switch (name) {
    case "zeros":
      return constant(0);
    case "orthogonal":
      return orthogonal;
    case "glorot-uniform":
    case "he-uniform":
    case "lecun-uniform":
      return (shape, random) => {
        const bound = Math.sqrt(3 * initialVariance(name, activation, shape));
        return Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(-bound, bound));
      };
    default:
      return (shape, random) => {
        const std = Math.sqrt(initialVariance(name, activation, shape));
        return Float32Array.from({ length: sizeOf(shape) }, () => std * random.normal());
      };
  }
}

/**
 * A weight that, flattened to [outFeatures, inFeatures * kernel elements], has orthonormal rows, or orthonormal columns
 * if those are fewer; drawn uniformly from all such matrices: Q of the QR decomposition of a normal matrix, each column
 * times the sign of R's diagonal element.
 *
 * Same as: PyTorch 2.15 torch.nn.init.orthogonal_ from the same normal draws, within float32's rounding;
 * test/nn/initializers.test.ts
 * Reference: Mezzadri, 2007, https://arxiv.org/abs/math-ph/0609050
 */
const orthogonal: Initializer = (shape, random) => {
  const rows = shape[0];
  const { fanIn: columns } = fans(shape);
  const drawn = Matrix.from1DArray(
    rows,
    columns,
    Array.from({ length: rows * columns }, () => random.normal()),
  );
  const isWide = rows < columns;
  const qr = new QrDecomposition(isWide ? drawn.transpose() : drawn);
  const q = qr.orthogonalMatrix;
  qr.upperTriangularMatrix.diagonal().forEach((r, k) => {
    if (r < 0) q.mulColumn(k, -1);
  });
  return new Float32Array((isWide ? q.transpose() : q).to1DArray());
};

/**
 * The default initializer: Glorot uniform in front of tanh and sigmoid, which it was derived for; He normal in front of
 * the ReLU family, which removes about half of the mean square.
 */
export function defaultInitializer(activation: ActivationName): InitializerName {
  return activation === "tanh" || activation === "sigmoid" ? "glorot-uniform" : "he-normal";
}

/** Sets every element to `value`. */
export const constant =
  (value: number): Initializer =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value);
