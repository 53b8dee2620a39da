import { UsageError } from "../../core/errors.js";
import { sizeOf } from "../../core/tensor.js";
import type { Graph, Value } from "../graph.js";
import { matmul } from "./dense.js";
import { expand, flip, reshape, sum, transpose } from "./shape.js";

/** Stride and zero padding of a convolution, the same for every spatial axis. */
export interface ConvOptions {
  /** @default 1 */
  stride?: number;
  /** Zeros before and after each spatial axis. @default 0 */
  padding?: number;
}

const spatial = (value: Value) => value.shape.slice(2);
const each = (axes: readonly unknown[], amount: number) => axes.map(() => amount);

/**
 * Convolution over one or two spatial axes, without bias. As in every deep-learning library it is a cross-correlation:
 *
 *   out[n, o, i] = sum over c and k of x[n, c, stride * i + k - padding] * w[o, c, k]
 *
 * @param x [N, inChannels, ...size]
 * @param w [outChannels, inChannels, ...kernelSize]
 * @returns [N, outChannels, ...outSize], outSize = floor((size + 2 * padding - kernelSize) / stride) + 1
 * @throws UsageError if w does not fit x, or the kernel is larger than the padded input
 * Same as: torch.nn.functional.conv1d / conv2d
 */
export function conv(x: Value, w: Value, options: ConvOptions = {}): Value {
  const { stride = 1, padding = 0 } = options;
  const [batch, inChannels] = x.shape;
  const [outChannels, kernelChannels] = w.shape;
  const kernel = spatial(w);
  if (inChannels !== kernelChannels || x.shape.length !== w.shape.length)
    throw new UsageError({
      setting: "w",
      rule: `fit x [${x.shape.join(", ")}] as the kernels of a convolution`,
      got: `[${w.shape.join(", ")}]`,
    });
  const outSize = spatial(x).map((size, i) => Math.floor((size + 2 * padding - kernel[i]) / stride) + 1);
  if (outSize.some((size) => size < 1))
    throw new UsageError({
      setting: "w",
      rule: `have kernels no larger than x [${x.shape.join(", ")}] padded by ${padding}`,
      got: `kernels of size [${kernel.join(", ")}]`,
    });
  const attributes = {
    kernel_shape: kernel,
    strides: each(kernel, stride),
    pads: each([...kernel, ...kernel], padding),
  };
  const out = x.graph.emit("Conv", [x, w], { shape: [batch, outChannels, ...outSize] }, attributes);
  x.graph.record([x, w], [out], ([g]) =>
    g === null
      ? [null, null]
      : [inputGradient(g, x, w, { stride, padding }), weightGradient(g, x, w, { stride, padding })],
  );
  return out;
}

/**
 * dL/dx: with stride 1, the convolution of the output gradient with the kernel flipped in space and with its channel
 * axes swapped, padded to full overlap; otherwise the transposed convolution.
 */
function inputGradient(g: Value, x: Value, w: Value, { stride, padding }: Required<ConvOptions>): Value {
  const { graph } = x;
  const kernel = spatial(w);
  if (stride === 1 && kernel.every((size) => size > padding)) {
    const swapped = transpose(w, [1, 0, ...kernel.map((_, i) => i + 2)]);
    const flipped = kernel.reduce((value, size, i) => (size > 1 ? flip(value, i + 2) : value), swapped);
    const full = kernel.map((size) => size - 1 - padding);
    return graph.emit(
      "Conv",
      [g, flipped],
      { shape: x.shape },
      {
        kernel_shape: kernel,
        strides: each(kernel, 1),
        pads: [...full, ...full],
      },
    );
  }
  // Input columns beyond the last kernel position belong to no output; output_padding gives them back (gradient 0).
  const unread = spatial(x).map((size, i) => (size + 2 * padding - kernel[i]) % stride);
  return graph.emit(
    "ConvTranspose",
    [g, w],
    { shape: x.shape },
    {
      kernel_shape: kernel,
      strides: each(kernel, stride),
      pads: each([...kernel, ...kernel], padding),
      output_padding: unread,
    },
  );
}

/**
 * dL/dw: the input's patches laid out once as channels (im2col), times the output gradient, summed over examples.
 *
 * The layout is itself a convolution, one group per channel, whose kernels are one-hot: it runs on all cores and brings
 * padding and stride along (measured on [32, 32, 64, 64], 3x3: 13 ms; slices and a concatenation 41 ms; a `Conv` with
 * transposed operands for the whole gradient 98 ms). The larger operand is on the left of the product.
 */
function weightGradient(g: Value, x: Value, w: Value, { stride, padding }: Required<ConvOptions>): Value {
  const [batch, inChannels] = x.shape;
  const [outChannels] = w.shape;
  const kernel = spatial(w);
  const taps = sizeOf(kernel);
  const columnsChannels = inChannels * taps;
  const outSize = spatial(g);
  const area = sizeOf(outSize);
  const isLayoutNeeded = taps > 1 || stride > 1 || padding > 0;
  const columns = isLayoutNeeded
    ? x.graph.emit(
        "Conv",
        [x, oneHotKernels(x.graph, inChannels, kernel)],
        { shape: [batch, columnsChannels, ...outSize] },
        {
          kernel_shape: kernel,
          strides: each(kernel, stride),
          pads: each([...kernel, ...kernel], padding),
          group: inChannels,
        },
      )
    : x;
  const product = isJoined({ columnsChannels, outChannels, area })
    ? matmul(rowPerChannel(columns), rowPerChannel(g), { transB: true })
    : sum(
        matmul(reshape(columns, [batch, columnsChannels, area]), reshape(g, [batch, outChannels, area]), {
          transB: true,
        }),
        [0],
      );
  return reshape(transpose(product, [1, 0]), w.shape); // from [inChannels * taps, outChannels]
}

/**
 * Whether a single product over all examples is faster than a product per example and their sum. It needs both operands in
 * another layout, but where maps are small and channels many, the products per example are far larger than their operands
 * (measured on the default net: 55 ms a step instead of 60). Of the factors 1, 2, 4 and 8, 2 was fastest on two nets.
 */
function isJoined({
  columnsChannels,
  outChannels,
  area,
}: Record<"columnsChannels" | "outChannels" | "area", number>): boolean {
  return (columnsChannels + outChannels) * area < 2 * columnsChannels * outChannels;
}

/** [N, C, ...spatial] -> [C, N * sizeOf(spatial)] */
function rowPerChannel(x: Value): Value {
  const [batch, channels] = x.shape;
  const area = sizeOf(spatial(x));
  return reshape(transpose(reshape(x, [batch, channels, area]), [1, 0, 2]), [channels, batch * area]);
}

/** One kernel per tap for every channel, 1 at that tap and 0 elsewhere: [channels * taps, 1, ...kernel]. */
export function oneHotKernels(graph: Graph, channels: number, kernel: readonly number[]): Value {
  const taps = sizeOf(kernel);
  const identity = graph.constant(
    Array.from({ length: taps * taps }, (_, i) => (i % (taps + 1) === 0 ? 1 : 0)),
  );
  return expandFirst(reshape(identity, [1, taps, ...kernel]), channels, [channels * taps, 1, ...kernel]);
}

/** Copies x along its first axis, which has size 1, then reshapes it. */
function expandFirst(x: Value, count: number, shape: readonly number[]): Value {
  return reshape(expand(x, [count, ...x.shape.slice(1)]), shape);
}
