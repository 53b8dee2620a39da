import { sizeOf } from "../../core/tensor.js";
import type { Value } from "../graph.js";
import { matmul } from "./dense.js";
import { add, div, maximum, mul, neg, sqrt, sub } from "./elementwise.js";
import { emitPool, maxPoolGradient } from "./pool.js";
import { reshape, sum } from "./shape.js";

/** A normalized batch, and the batch's own statistics for the moving averages. */
export interface BatchNormalized {
  out: Value;
  /** Mean of the batch, [C]. */
  mean: Value;
  /** Biased variance of the batch, [C]. */
  variance: Value;
}

/** The number of elements of one channel. */
const elementsPerChannel = (x: Value) => sizeOf(x.shape) / x.shape[1];

const perChannelAxes = (x: Value) => x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);

/** Sum of a * b over everything except channels, [C]; as a product of rows, which writes no elementwise result. */
function channelDot(a: Value, b: Value): Value {
  const [batch, channels, ...size] = a.shape;
  if (size.length === 0) return sum(mul(a, b), [0]);
  const rows = (x: Value) => reshape(x, [batch, channels, 1, sizeOf(size)]);
  const dots = matmul(rows(a), rows(b), { transB: true }); // [N, C, 1, 1]
  return reshape(sum(dots, [0]), [channels]);
}

/** x * scale + shift, with scale and shift [C]; a convolution of kernel 1 does it in one pass. */
function channelAffine(x: Value, scale: Value, shift: Value): Value {
  const [, channels, ...size] = x.shape;
  if (size.length === 0) return add(mul(x, scale), shift);
  const kernel = size.map(() => 1);
  return x.graph.emit(
    "Conv",
    [x, reshape(scale, [channels, 1, ...kernel]), shift],
    { shape: x.shape },
    { kernel_shape: kernel, group: channels },
  );
}

/** Mean and biased variance of each channel. */
function channelMoments(x: Value): { mean: Value; variance: Value } {
  const count = elementsPerChannel(x);
  const mean = mul(sum(x, perChannelAxes(x)), 1 / count);
  return { mean, variance: maximum(sub(mul(channelDot(x, x), 1 / count), mul(mean, mean)), 0) };
}

/**
 * The statistics and gradients of both forms of batch norm. With s = 1 / sqrt(variance + epsilon),
 * y = scale * s * (x - mean) + shift, and the sums Sg = sum(g), Sgx = sum(g * x) over a channel of m elements:
 *
 *   dshift = Sg,  dscale = s * (Sgx - mean * Sg),
 *   dx = scale * s * (g - dshift / m - s * (x - mean) * dscale / m) = slope * g + xSlope * x + offset
 */
function normalization(x: Value, scale: Value, shift: Value, epsilon: number) {
  const { mean, variance } = channelMoments(x);
  const inverseStd = div(1, sqrt(add(variance, epsilon)));
  const slope = mul(scale, inverseStd);
  const backward = (sumG: Value, sumGx: Value) => {
    const dScale = mul(inverseStd, sub(sumGx, mul(mean, sumG)));
    const xSlope = neg(mul(mul(slope, inverseStd), mul(dScale, 1 / elementsPerChannel(x))));
    const offset = neg(add(mul(mul(slope, sumG), 1 / elementsPerChannel(x)), mul(xSlope, mean)));
    return { dScale, dShift: sumG, xSlope, offset };
  };
  return { mean, variance, slope, offset: sub(shift, mul(mean, slope)), backward };
}

/**
 * Batch normalization with the batch's own statistics, as in training:
 *
 *   y = scale * (x - mean) / sqrt(variance + epsilon) + shift
 *
 * Mean and biased variance are over all axes but the channels. Gradients flow to x, scale and shift.
 * @param x [N, C] or [N, C, ...spatial]
 * @param scale [C]
 * @param shift [C]
 * @param epsilon added to the variance
 * Same as: torch.nn.functional.batch_norm(x, None, None, scale, shift, training=True, eps=epsilon)
 * Reference: Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167
 */
export function batchNorm(x: Value, scale: Value, shift: Value, epsilon: number): BatchNormalized {
  const { mean, variance, slope, offset, backward } = normalization(x, scale, shift, epsilon);
  // A new value: the operations inside have records too, and the gradient must flow through this record alone.
  const out = x.graph.emit("Identity", [channelAffine(x, slope, offset)], { shape: x.shape });
  x.graph.record([x, scale, shift], [out], ([g]) => {
    if (g === null) return [null, null, null];
    const parts = backward(sum(g, perChannelAxes(g)), channelDot(g, x));
    const through = mul(g, reshape(slope, channelShape(x)));
    return [add(through, channelAffine(x, parts.xSlope, parts.offset)), parts.dScale, parts.dShift];
  });
  return { out, mean, variance };
}

/**
 * maxPool(batchNorm(x)) for `scale` >= 0, where the two commute: the pool goes first, so that the normalization and its
 * gradient touch only pooled values, while the statistics still cover all of x.
 *
 * A caller whose scales may be negative folds their sign into the layer that computes x: see `nn/layers.ts`.
 * @param x [N, C, ...spatial]
 * @param scale [C], non-negative
 * @param shift [C]
 * @param options.epsilon added to the variance
 * @param options.size the window of the pool, one number per spatial axis
 */
export function batchNormMaxPool(
  x: Value,
  scale: Value,
  shift: Value,
  options: { epsilon: number; size: readonly number[] },
): BatchNormalized {
  const { mean, variance, slope, offset, backward } = normalization(x, scale, shift, options.epsilon);
  const pooled = emitPool("MaxPool", x, options.size);
  const out = x.graph.emit("Identity", [channelAffine(pooled, slope, offset)], { shape: pooled.shape });
  x.graph.record([x, scale, shift], [out], ([g]) => {
    if (g === null) return [null, null, null];
    const parts = backward(sum(g, perChannelAxes(g)), channelDot(g, pooled));
    const through = maxPoolGradient(mul(g, reshape(slope, channelShape(x))), x, pooled, options.size);
    return [add(through, channelAffine(x, parts.xSlope, parts.offset)), parts.dScale, parts.dShift];
  });
  return { out, mean, variance };
}

/** [C] as a shape that broadcasts over [N, C, ...spatial]. */
function channelShape(x: Value): number[] {
  return x.shape.map((dim, axis) => (axis === 1 ? dim : 1));
}
