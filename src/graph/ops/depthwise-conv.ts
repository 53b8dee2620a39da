import { UsageError } from "../../core/errors.js";
import { sizeOf } from "../../core/tensor.js";
import type { Value } from "../graph.js";
import { oneHotKernels } from "./conv.js";
import { matmul } from "./dense.js";
import { flip, reshape, sum } from "./shape.js";

/**
 * Convolution of every channel with a kernel of its own, with stride 1 and without bias:
 *
 *   out[n, c, i] = sum over k of x[n, c, i + k - padding] * w[c, 0, k]
 *
 * @param x [N, channels, ...size]
 * @param w [channels, 1, ...kernelSize]
 * @param options.padding zeros before and after each spatial axis, fewer than the kernel is long; `@default` 0
 * @returns [N, channels, ...outSize], outSize = size + 2 * padding - kernelSize + 1
 * @throws UsageError if w does not fit x, or the padding the kernel
 * Same as: torch.nn.functional.conv1d / conv2d with groups = channels
 */
export function depthwiseConv(x: Value, w: Value, options: { padding?: number } = {}): Value {
  const { padding = 0 } = options;
  const [, channels, ...size] = x.shape;
  const [kernelChannels, one, ...kernel] = w.shape;
  if (kernelChannels !== channels || one !== 1 || kernel.length !== size.length)
    throw new UsageError({
      setting: "w",
      rule: `fit x [${x.shape.join(", ")}] as a kernel for each channel`,
      got: `[${w.shape.join(", ")}]`,
    });
  if (kernel.some((length, axis) => length <= padding || length > size[axis] + 2 * padding))
    throw new UsageError({
      setting: "padding",
      rule: `be less than the kernel's size [${kernel.join(", ")}], and leave it no larger than x padded`,
      got: padding,
    });
  const out = perChannel(
    x,
    w,
    kernel.map(() => padding),
  );
  x.graph.record([x, w], [out], ([g]) =>
    g === null ? [null, null] : [inputGradient(g, w, padding), weightGradient(g, x, w, padding)],
  );
  return out;
}

/** Emits the convolution. `w` [k * channels, 1, ...] holds k kernels for every channel, one channel after the other. */
function perChannel(x: Value, w: Value, padding: readonly number[]): Value {
  const [batch, channels, ...size] = x.shape;
  const [outChannels, , ...kernel] = w.shape;
  const outSize = size.map((length, axis) => length + 2 * padding[axis] - kernel[axis] + 1);
  const attributes = {
    kernel_shape: kernel,
    strides: kernel.map(() => 1),
    pads: [...padding, ...padding],
    group: channels,
  };
  return x.graph.emit("Conv", [x, w], { shape: [batch, outChannels, ...outSize] }, attributes);
}

/** dL/dx: the output gradient with every kernel flipped, padded to full overlap. */
function inputGradient(g: Value, w: Value, padding: number): Value {
  const kernel = w.shape.slice(2);
  const flipped = kernel.reduce((value, size, axis) => (size > 1 ? flip(value, axis + 2) : value), w);
  return perChannel(
    g,
    flipped,
    kernel.map((size) => size - 1 - padding),
  );
}

/** dL/dw: for every channel its patches, laid out by one-hot kernels as in `conv`, times its output gradient. */
function weightGradient(g: Value, x: Value, w: Value, padding: number): Value {
  const [batch, channels] = x.shape;
  const kernel = w.shape.slice(2);
  const taps = sizeOf(kernel);
  const area = sizeOf(g.shape.slice(2));
  const patches = perChannel(
    x,
    oneHotKernels(x.graph, channels, kernel),
    kernel.map(() => padding),
  );
  const product = matmul(
    reshape(patches, [batch, channels, taps, area]),
    reshape(g, [batch, channels, 1, area]),
    { transB: true },
  );
  return reshape(sum(product, [0]), w.shape);
}
