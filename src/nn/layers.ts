import { checkNumber } from "../core/check.js";
import { sizeOf } from "../core/tensor.js";
import {
  add,
  batchNorm,
  batchNormMaxPool,
  compare,
  conv,
  dense,
  depthwiseConv,
  div,
  dropout,
  matmul,
  maximum,
  maxPool,
  mul,
  reshape,
  sqrt,
  sub,
  type Value,
  where,
} from "../graph/index.js";
import { ACTIVATIONS, type ActivationName } from "./activations.js";
import { constant, type Initializer, type InitializerName, initializerOf } from "./initializers.js";
import type { Net } from "./net.js";

/** Settings of batch norm. */
export interface BatchNormSettings {
  /** Added to the variance. */
  readonly epsilon: number;
  /** Fraction of the new batch in the moving averages, as in PyTorch (ONNX and Keras write 1 - momentum). */
  readonly momentum: number;
  /**
   * Whether the moving averages start as plain means of the first 1 / momentum batches; otherwise their initial values,
   * 0 and 1, weigh on them for several times as many steps, as in PyTorch. timbrel's nets have it.
   * @default false, as in files of earlier versions
   */
  readonly warmUp?: boolean;
}

/** Settings that all hidden layers of a net share. */
export interface LayerStyle {
  readonly activation: ActivationName;
  readonly init: InitializerName;
  /** Between layer and activation, instead of the layer's bias; null for none. */
  readonly batchNorm: BatchNormSettings | null;
}

/**
 * The four tensors of a batch norm and how the two modes use them:
 *
 *   train:    y = scale * (x - batch mean) / sqrt(batch variance + epsilon) + shift
 *             mean <- (1 - fraction) * mean + fraction * batch mean
 *             var  <- (1 - fraction) * var  + fraction * m / (m - 1) * batch variance   (m elements per channel)
 *             fraction = max(1 / step, momentum) with warm-up, momentum without
 *   predict:  y = scale * (x - mean) / sqrt(var + epsilon) + shift
 *
 * A net that trains with fixed moving averages normalizes as in predict, see `foldedNorm`. The batch's own variance is biased where it normalizes and unbiased in the moving average. The warm-up is timbrel's own
 * choice: after few steps, predictions then use the batches' statistics and not the initial ones.
 * Same as: PyTorch 2.15 torch.nn.BatchNorm1d and BatchNorm2d in train() and eval(), eps 1e-5 to 0.1, without warm-up with
 * momentum 0.1 to 1, in the first 1 / momentum steps of a warm-up with momentum=None, within 2e-6 of the largest value;
 * test/nn/batch-norm.test.ts
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
  batch: { mean: Value; variance: Value; count: number },
  { momentum, warmUp = false }: BatchNormSettings,
): void {
  const { count } = batch;
  const move = (old: Value, now: Value, factor: number) => (step: Value) => {
    if (!warmUp) return add(mul(old, 1 - momentum), mul(now, momentum * factor));
    const fraction = maximum(div(1, step), momentum);
    return add(mul(old, sub(1, fraction)), mul(now, mul(fraction, factor)));
  };
  net.update(`${name}.mean`, move(tensors.mean, batch.mean, 1));
  net.update(`${name}.var`, move(tensors.variance, batch.variance, count / Math.max(1, count - 1)));
}

/** Batch norm with the moving averages: one node, which ONNX Runtime folds into the convolution before it. */
function normalizeByAverages(x: Value, tensors: BatchNormTensors, epsilon: number): Value {
  const { scale, shift, mean, variance } = tensors;
  return x.graph.emit(
    "BatchNormalization",
    [x, scale, shift, mean, variance],
    { shape: x.shape },
    { epsilon: { float: epsilon } },
  );
}

/** Whether a layer in training normalizes by moving averages that are fixed, and not by the batch. */
const keepsAverages = (net: Net, name: string): boolean =>
  net.mode === "train" && net.isConstant(`${name}.norm.mean`);

/**
 * Folds a batch norm with fixed moving averages into the linear layer before it: no pass over its output is needed.
 *
 *   scale * (w x - mean) / sqrt(var + epsilon) + shift = (slope * w) x + offset,
 *   slope = scale / sqrt(var + epsilon),  offset = shift - slope * mean
 *
 * Gradients flow to w, scale and shift.
 * Same as: PyTorch 2.15, a net in train() whose batch norms are in eval(); test/nn/frozen-layers.test.ts
 * @param weight [outChannels, ...]
 * @returns the folded weight, and the offset [outChannels]
 */
function foldedNorm(
  net: Net,
  name: string,
  weight: Value,
  { epsilon }: BatchNormSettings,
): { weight: Value; offset: Value } {
  const [outChannels, ...rest] = weight.shape;
  const { scale, shift, mean, variance } = batchNormTensors(net, `${name}.norm`, outChannels);
  const slope = div(scale, sqrt(add(variance, epsilon)));
  return {
    weight: mul(weight, reshape(slope, [outChannels, ...rest.map(() => 1)])),
    offset: sub(shift, mul(slope, mean)),
  };
}

/** Adds a number to every channel of x [N, C, ...spatial]. */
const addPerChannel = (x: Value, offset: Value): Value =>
  add(x, reshape(offset, [1, x.shape[1], ...x.shape.slice(2).map(() => 1)]));

/**
 * Batch norm over [N, C] or [N, C, ...spatial].
 * @returns x normalized, in the same shape
 */
export function batchNormLayer(net: Net, name: string, x: Value, settings: BatchNormSettings): Value {
  const { epsilon } = settings;
  const channels = x.shape[1];
  const tensors = batchNormTensors(net, name, channels);
  if (net.mode === "predict") return normalizeByAverages(x, tensors, epsilon);
  const { out, mean, variance } = batchNorm(x, tensors.scale, tensors.shift, epsilon);
  moveAverages(net, name, tensors, { mean, variance, count: sizeOf(x.shape) / channels }, settings);
  return out;
}

/** A convolution's geometry. */
export interface ConvSettings {
  readonly outChannels: number;
  /** The same for every spatial axis. */
  readonly kernelSize: number;
  /** @default 1 */
  readonly stride?: number;
  /** Zeros before and after every spatial axis. @default 0 */
  readonly padding?: number;
  /** Whether every channel has a kernel of its own, and is not added to the others; with stride 1. @default false */
  readonly isDepthwise?: boolean;
}

function convKernel(net: Net, name: string, x: Value, settings: ConvSettings, style: LayerStyle): Value {
  const [, inChannels, ...size] = x.shape;
  const { outChannels, kernelSize, isDepthwise = false } = settings;
  return net.parameter(
    `${name}.weight`,
    [outChannels, isDepthwise ? 1 : inChannels, ...size.map(() => kernelSize)],
    {
      init: initializerOf(style.init, style.activation),
      isDecayed: true,
    },
  );
}

const convolve = (x: Value, kernel: Value, settings: ConvSettings): Value =>
  settings.isDepthwise ? depthwiseConv(x, kernel, settings) : conv(x, kernel, settings);

function describeConv(net: Net, name: string, kernel: Value, output: Value, isDepthwise = false): void {
  const [outChannels, inChannels, ...window] = kernel.shape;
  const positions = sizeOf(output.shape.slice(2));
  const multiplyAdds = outChannels * positions * inChannels * sizeOf(window);
  net.layer(name, `${isDepthwise ? "depthwise " : ""}conv ${window.join("x")}`, output, multiplyAdds);
}

/**
 * conv -> batch norm, or conv with bias if the style has no batch norm.
 * @param x [N, inChannels, ...size]
 */
export function convNormLayer(
  net: Net,
  name: string,
  x: Value,
  settings: ConvSettings,
  style: LayerStyle,
): Value {
  if (style.batchNorm !== null && keepsAverages(net, name))
    return foldedConv(net, name, x, settings, { ...style, batchNorm: style.batchNorm });
  const kernel = convKernel(net, `${name}.conv`, x, settings, style);
  const convolved = convolve(x, kernel, settings);
  return normOrBias(net, name, convolved, style.batchNorm, {
    linear: `${name}.conv`,
    describe: (out) => describeConv(net, `${name}.conv`, kernel, out, settings.isDepthwise),
  });
}

/** A layer's style with batch norm. */
type NormStyle = LayerStyle & { readonly batchNorm: BatchNormSettings };

/** conv -> batch norm with fixed moving averages; a max pool commutes with the offset and goes before it. */
function foldedConv(
  net: Net,
  name: string,
  x: Value,
  settings: ConvSettings,
  style: NormStyle,
  pooled = (maps: Value) => maps,
): Value {
  const kernel = convKernel(net, `${name}.conv`, x, settings, style);
  const { weight, offset } = foldedNorm(net, name, kernel, style.batchNorm);
  const convolved = convolve(x, weight, settings);
  describeConv(net, `${name}.conv`, kernel, convolved, settings.isDepthwise);
  net.layer(`${name}.norm`, "batch norm", convolved);
  return addPerChannel(pooled(convolved), offset);
}

/** Batch norm, or a bias for every channel if there is none; `describe` adds the linear layer's line before it. */
function normOrBias(
  net: Net,
  name: string,
  x: Value,
  settings: BatchNormSettings | null,
  { linear, describe }: { linear: string; describe: (out: Value) => void },
): Value {
  if (settings === null) {
    const channels = x.shape[1];
    const bias = net.parameter(`${linear}.bias`, [channels], { init: constant(0), isDecayed: false });
    describe(x);
    return addPerChannel(x, bias);
  }
  describe(x);
  const normalized = batchNormLayer(net, `${name}.norm`, x, settings);
  net.layer(`${name}.norm`, "batch norm", normalized);
  return normalized;
}

/** A convolution block's settings. */
export interface ConvBlockSettings extends ConvSettings {
  /** Window of the max pool, one number per spatial axis; all 1 for none. */
  readonly pool: readonly number[];
}

/**
 * conv -> batch norm -> activation -> max pool.
 *
 * An activation that never decreases commutes with the pool, so the pool goes first and the activation touches only
 * pooled values. When training, the pool then also goes before batch norm: the sign of batch norm's scale is folded into
 * the kernel, which leaves a non-negative scale, and a max pool commutes with that too. The moving averages are those of
 * the unfolded kernel.
 *
 * @param x [N, inChannels, ...size]
 * @returns [N, outChannels, ...floor(outSize / pool)]
 */
export function convBlock(
  net: Net,
  name: string,
  x: Value,
  settings: ConvBlockSettings,
  style: LayerStyle,
): Value {
  const { pool } = settings;
  const { activation, batchNorm: norm } = style;
  const { emit, isMonotone } = ACTIVATIONS[activation];
  const isPooled = pool.some((window) => window > 1);
  const pooled = (maps: Value) => (isPooled ? maxPool(maps, pool) : maps);
  let out: Value;
  if (net.mode === "train" && isPooled && isMonotone && norm !== null) {
    const normStyle = { ...style, batchNorm: norm };
    out = emit(
      keepsAverages(net, name)
        ? foldedConv(net, name, x, settings, normStyle, pooled)
        : pooledNormConv(net, name, x, settings, normStyle),
    );
  } else {
    const normalized = convNormLayer(net, name, x, settings, style);
    out = isMonotone ? emit(pooled(normalized)) : pooled(emit(normalized));
  }
  net.layer(name, isPooled ? `${activation}, max pool ${pool.join("x")}` : activation, out);
  net.watch(name, out, activation, `${name}.conv.weight`);
  return out;
}

/** maxPool(batchNorm(conv(x))) in training, with the pool first; see `convBlock`. */
function pooledNormConv(
  net: Net,
  name: string,
  x: Value,
  settings: ConvBlockSettings,
  style: NormStyle,
): Value {
  const { outChannels, pool } = settings;
  const { epsilon } = style.batchNorm;
  const kernel = convKernel(net, `${name}.conv`, x, settings, style);
  const tensors = batchNormTensors(net, `${name}.norm`, outChannels);
  const sign = where(compare("Less", tensors.scale, 0), -1, 1);
  const signed = mul(kernel, reshape(sign, [outChannels, ...kernel.shape.slice(1).map(() => 1)]));
  const convolved = convolve(x, signed, settings);
  describeConv(net, `${name}.conv`, kernel, convolved);
  net.layer(`${name}.norm`, "batch norm", convolved);
  const { out, mean, variance } = batchNormMaxPool(convolved, mul(tensors.scale, sign), tensors.shift, {
    epsilon,
    size: pool,
  });
  const count = sizeOf(convolved.shape) / outChannels;
  const batch = { mean: mul(mean, sign), variance, count };
  moveAverages(net, `${name}.norm`, tensors, batch, style.batchNorm);
  return out;
}

function denseWeight(net: Net, name: string, x: Value, outFeatures: number, init: Initializer): Value {
  return net.parameter(`${name}.weight`, [outFeatures, x.shape[1]], { init, isDecayed: true });
}

/**
 * dense -> batch norm -> activation; a bias instead of batch norm if the style has none.
 * @param x [N, inFeatures]
 * @returns [N, units]
 */
export function denseBlock(net: Net, name: string, x: Value, units: number, style: LayerStyle): Value {
  const init = initializerOf(style.init, style.activation);
  const weight = denseWeight(net, `${name}.dense`, x, units, init);
  const describe = (out: Value) => net.layer(`${name}.dense`, "dense", out, sizeOf(weight.shape));
  let normalized: Value;
  if (style.batchNorm !== null && keepsAverages(net, name)) {
    const folded = foldedNorm(net, name, weight, style.batchNorm);
    normalized = addPerChannel(matmul(x, folded.weight, { transB: true }), folded.offset);
    describe(normalized);
  } else
    normalized = normOrBias(net, name, matmul(x, weight, { transB: true }), style.batchNorm, {
      linear: `${name}.dense`,
      describe,
    });
  const out = ACTIVATIONS[style.activation].emit(normalized);
  net.layer(name, style.activation, out);
  net.watch(name, out, style.activation, `${name}.dense.weight`);
  return out;
}

/**
 * The last layer, w x + b: Glorot uniform, except for the initializers that are bad on purpose; bias 0.
 * @param x [N, inFeatures]
 * @returns logits [N, nLabels]
 */
export function outputLayer(net: Net, x: Value, nLabels: number, init: InitializerName): Value {
  const isBad = init === "zeros" || init === "small";
  const weightInit = isBad ? initializerOf(init, "relu") : initializerOf("glorot-uniform", "relu");
  const weight = denseWeight(net, "output", x, nLabels, weightInit);
  const bias = net.parameter("output.bias", [nLabels], { init: constant(0), isDecayed: false });
  const logits = dense(x, weight, bias);
  net.layer("output", "dense", logits, sizeOf(weight.shape));
  net.watch("output", logits, null, "output.weight");
  return logits;
}

/** Dropout: in training each element is set to 0 with probability `rate`; when predicting nothing is. */
export function dropoutLayer(net: Net, name: string, x: Value, rate: number): Value {
  checkNumber("rate", rate, { min: 0, below: 1 });
  if (net.mode === "predict" || rate === 0) return x;
  const noise = net.random(`${name}.noise`, x.shape, (random) =>
    Float32Array.from({ length: sizeOf(x.shape) }, () => random.uniform()),
  );
  return dropout(x, noise, rate);
}
