import { checkNumber } from "../core/check.js";
import { sizeOf } from "../core/tensor.js";
import {
  add,
  batchNorm,
  batchNormMaxPool,
  compare,
  conv,
  dense,
  dropout,
  maxPool,
  mul,
  reshape,
  type Value,
  where,
} from "../graph/index.js";
import { constant, glorotUniform, heNormal } from "./initializers.js";
import type { Net } from "./net.js";

/** Settings of batch norm. */
export interface BatchNormOptions {
  /** Added to the variance. @default 1e-5 */
  epsilon?: number;
  /** Share of the new batch in the moving averages, as in PyTorch (ONNX and Keras write 1 - momentum). @default 0.1 */
  momentum?: number;
}

/**
 * The four tensors of a batch norm and what the two modes make of them:
 *
 *   train:    y = scale * (x - batch mean) / sqrt(batch variance + epsilon) + shift
 *             mean <- (1 - momentum) * mean + momentum * batch mean
 *             var  <- (1 - momentum) * var  + momentum * m / (m - 1) * batch variance   (m elements a channel)
 *   predict:  y = scale * (x - mean) / sqrt(var + epsilon) + shift
 *
 * The batch's own variance is biased where it normalizes and unbiased in the moving average.
 * Same as: PyTorch 2.15 torch.nn.BatchNorm2d, after ten steps of a net within 5e-6; test/nn/torch-training.test.ts
 */
function batchNormTensors(net: Net, name: string, channels: number) {
  const init = (value: number) => ({ init: constant(value), isDecayed: false });
  return {
    scale: net.parameter(`${name}.scale`, [channels], init(1)),
    shift: net.parameter(`${name}.shift`, [channels], init(0)),
    mean: net.statistic(`${name}.mean`, [channels], 0),
    variance: net.statistic(`${name}.var`, [channels], 1),
  };
}

type BatchNormTensors = ReturnType<typeof batchNormTensors>;

/** Emits the next moving averages. */
function moveAverages(
  net: Net,
  name: string,
  tensors: BatchNormTensors,
  batch: { mean: Value; variance: Value; count: number; momentum: number },
): void {
  const { momentum, count } = batch;
  const move = (old: Value, now: Value, factor: number) =>
    add(mul(old, 1 - momentum), mul(now, momentum * factor));
  net.update(`${name}.mean`, move(tensors.mean, batch.mean, 1));
  net.update(`${name}.var`, move(tensors.variance, batch.variance, count / Math.max(1, count - 1)));
}

/** Batch norm by moving averages: one node, which ONNX Runtime folds into the convolution before it. */
function normalizeByAverages(x: Value, tensors: BatchNormTensors, epsilon: number): Value {
  const { scale, shift, mean, variance } = tensors;
  return x.graph.emit(
    "BatchNormalization",
    [x, scale, shift, mean, variance],
    { shape: x.shape },
    { epsilon: { float: epsilon } },
  );
}

/**
 * Batch norm over [N, C] or [N, C, ...spatial].
 * @returns x normalized, in its shape
 */
export function batchNormLayer(net: Net, name: string, x: Value, options: BatchNormOptions = {}): Value {
  const { epsilon = 1e-5, momentum = 0.1 } = options;
  const channels = x.shape[1];
  const tensors = batchNormTensors(net, name, channels);
  if (net.mode === "predict") return normalizeByAverages(x, tensors, epsilon);
  const { out, mean, variance } = batchNorm(x, tensors.scale, tensors.shift, epsilon);
  moveAverages(net, name, tensors, { mean, variance, count: sizeOf(x.shape) / channels, momentum });
  return out;
}

/** A convolution block's settings. */
export interface ConvBlockOptions extends BatchNormOptions {
  outChannels: number;
  /** Odd, one for every spatial axis, so that padding keeps the size. @default 3 */
  kernelSize?: number;
  /** Window of the max pool, one number a spatial axis; all 1 for none. */
  pool: readonly number[];
  /** The activation. */
  activation: (x: Value) => Value;
}

/**
 * conv -> batch norm -> activation -> max pool, for an activation that never decreases.
 *
 * Such an activation and the pool commute, so the pool goes first and the activation touches only pooled values. When
 * training, the pool also goes before batch norm: the sign of batch norm's scale is folded into the kernel, which leaves
 * a non-negative scale, and a max pool commutes with that too. The moving averages are those of the unfolded kernel.
 *
 * @param x [N, inChannels, ...size]
 * @returns [N, outChannels, ...floor(size / pool)]
 */
export function convBlock(net: Net, name: string, x: Value, options: ConvBlockOptions): Value {
  const { outChannels, kernelSize = 3, pool, activation, epsilon = 1e-5, momentum = 0.1 } = options;
  const [, inChannels, ...size] = x.shape;
  const kernel = net.parameter(
    `${name}.conv.weight`,
    [outChannels, inChannels, ...size.map(() => kernelSize)],
    {
      init: heNormal,
      isDecayed: true,
    },
  );
  const padding = (kernelSize - 1) / 2;
  const normName = `${name}.norm`;
  const isPooled = pool.some((window) => window > 1);
  if (net.mode === "predict" || !isPooled) {
    const normalized = batchNormLayer(net, normName, conv(x, kernel, { padding }), options);
    return activation(isPooled ? maxPool(normalized, pool) : normalized);
  }
  const tensors = batchNormTensors(net, normName, outChannels);
  const sign = where(compare("Less", tensors.scale, 0), -1, 1);
  const signed = mul(kernel, reshape(sign, [outChannels, ...kernel.shape.slice(1).map(() => 1)]));
  const convolved = conv(x, signed, { padding });
  const { out, mean, variance } = batchNormMaxPool(convolved, mul(tensors.scale, sign), tensors.shift, {
    epsilon,
    size: pool,
  });
  const count = sizeOf(convolved.shape) / outChannels;
  moveAverages(net, normName, tensors, { mean: mul(mean, sign), variance, count, momentum });
  return activation(out);
}

/**
 * A dense layer with bias, w x + b: Glorot uniform, bias 0.
 * @param x [N, inFeatures]
 * @returns [N, outFeatures]
 */
export function denseLayer(net: Net, name: string, x: Value, outFeatures: number): Value {
  const weight = net.parameter(`${name}.weight`, [outFeatures, x.shape[1]], {
    init: glorotUniform,
    isDecayed: true,
  });
  const bias = net.parameter(`${name}.bias`, [outFeatures], { init: constant(0), isDecayed: false });
  return dense(x, weight, bias);
}

/** Dropout: a share `rate` of the elements is 0 when training; nothing when predicting. */
export function dropoutLayer(net: Net, name: string, x: Value, rate: number): Value {
  checkNumber("dropoutLayer: rate", rate, { min: 0, below: 1 });
  if (net.mode === "predict" || rate === 0) return x;
  const noise = net.random(`${name}.noise`, x.shape, (random) =>
    Float32Array.from({ length: sizeOf(x.shape) }, () => random.uniform()),
  );
  return dropout(x, noise, rate);
}
