import type { Random } from "../core/random.js";
import { sizeOf } from "../core/tensor.js";

/** First values of a parameter of a given shape. */
export type Initializer = (shape: readonly number[], random: Random) => Float32Array;

/**
 * The number of inputs and outputs that one element of a weight connects:
 * fanIn = inChannels * kernel elements, fanOut = outChannels * kernel elements.
 * @param shape [outFeatures, inFeatures, ...kernel]
 */
export function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const [out, into, ...kernel] = shape;
  return { fanIn: into * sizeOf(kernel), fanOut: out * sizeOf(kernel) };
}

/**
 * Normal with mean 0 and variance 2 / fanIn, not truncated: keeps the variance of activations through ReLU layers.
 *
 * Same distribution as: torch.nn.init.kaiming_normal_(w, mode="fan_in", nonlinearity="relu")
 * Reference: He et al., 2015, https://arxiv.org/abs/1502.01852
 */
export const heNormal: Initializer = (shape, random) => {
  const std = Math.sqrt(2 / fans(shape).fanIn);
  return Float32Array.from({ length: sizeOf(shape) }, () => std * random.normal());
};

/**
 * Uniform in [-a, a] with a = sqrt(6 / (fanIn + fanOut)), so that the variance is 2 / (fanIn + fanOut).
 *
 * Same distribution as: torch.nn.init.xavier_uniform_(w)
 * Reference: Glorot and Bengio, 2010
 */
export const glorotUniform: Initializer = (shape, random) => {
  const { fanIn, fanOut } = fans(shape);
  const bound = Math.sqrt(6 / (fanIn + fanOut));
  return Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(-bound, bound));
};

/** Every element the same. */
export const constant =
  (value: number): Initializer =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value);
