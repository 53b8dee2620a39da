import { UsageError } from "../../core/errors.js";
import { sizeOf } from "../../core/tensor.js";
import type { Value } from "../graph.js";
import { add, div, isZeroOfNonPositive, mul, neg, sub } from "./elementwise.js";
import { expand, pad, reshape } from "./shape.js";

const spatial = (value: Value) => value.shape.slice(2);

function pooledShape(x: Value, size: readonly number[]): number[] {
  const [batch, channels] = x.shape;
  if (size.length !== x.shape.length - 2)
    throw new UsageError({
      setting: "size",
      rule: `have one number per spatial axis of x [${x.shape.join(", ")}]`,
      got: `[${size.join(", ")}]`,
    });
  const out = spatial(x).map((dim, i) => Math.floor(dim / size[i]));
  if (out.some((dim) => dim < 1))
    throw new UsageError({
      setting: "size",
      rule: `be a pooling window that fits into x [${x.shape.join(", ")}]`,
      got: `[${size.join(", ")}]`,
    });
  return [batch, channels, ...out];
}

/** Repeats each element `size` times along every spatial axis, then pads with zeros to `shape`. */
function unpool(x: Value, size: readonly number[], shape: readonly number[]): Value {
  const grown = x.shape.map((dim, axis) => (axis < 2 ? dim : dim * size[axis - 2]));
  const repeated = x.graph.emit(
    "Resize",
    [x, null, x.graph.constant([1, 1, ...size])],
    { shape: grown },
    { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
  );
  const unread = shape.slice(2).map((dim, i) => dim - grown[i + 2]);
  return pad(
    repeated,
    unread.map(() => 0),
    unread,
  );
}

export function emitPool(opType: "MaxPool" | "AveragePool", x: Value, size: readonly number[]): Value {
  const shape = pooledShape(x, size);
  return x.graph.emit(opType, [x], { shape }, { kernel_shape: size, strides: size });
}

/**
 * The largest element of every window. Windows do not overlap (stride = size); elements at the end of an axis that do
 * not fill a window are dropped. Elements tied for the largest share the window's gradient equally: silence gives
 * constant regions, where the gradient must not be multiplied.
 *
 * @param x [N, C, ...spatial]
 * @param size the window, one number per spatial axis
 * @returns [N, C, ...floor(spatial / size)]
 * @throws UsageError if the window does not fit into x
 */
export function maxPool(x: Value, size: readonly number[]): Value {
  const out = emitPool("MaxPool", x, size);
  x.graph.record([x], [out], ([g]) => (g === null ? [null] : [maxPoolGradient(g, x, out, size)]));
  return out;
}

/**
 * The gradient of `out = maxPool(x, size)` with respect to x. The mask of the largest elements comes from comparing the
 * input with its own pooled and repeated values: `MaxPool` with its index output takes a path five times as slow. For
 * elements in no window the mask does not matter: the repeated gradient is 0 there.
 */
export function maxPoolGradient(g: Value, x: Value, out: Value, size: readonly number[]): Value {
  const mask = isZeroOfNonPositive(add(x, unpool(neg(out), size, x.shape)));
  const winners = mul(emitPool("AveragePool", mask, size), sizeOf(size));
  return mul(mask, unpool(div(g, winners), size, x.shape));
}

/**
 * The mean of every window. Each element gets an equal part of its window's gradient.
 *
 * @param x [N, C, ...spatial]
 * @param size the window, as in `maxPool`
 * @returns [N, C, ...floor(spatial / size)]
 * @throws UsageError if the window does not fit into x
 */
export function averagePool(x: Value, size: readonly number[]): Value {
  const out = emitPool("AveragePool", x, size);
  x.graph.record([x], [out], ([g]) => [g === null ? null : unpool(mul(g, 1 / sizeOf(size)), size, x.shape)]);
  return out;
}

const ones = (x: Value) => spatial(x).map(() => 1);

/** The mean over all spatial axes: [N, C, ...spatial] -> [N, C]. Each element gets an equal part of the gradient. */
export function globalAveragePool(x: Value): Value {
  const [batch, channels] = x.shape;
  const pooled = x.graph.emit("GlobalAveragePool", [x], { shape: [batch, channels, ...ones(x)] });
  x.graph.record([x], [pooled], ([g]) => [
    g === null ? null : expand(mul(g, 1 / sizeOf(spatial(x))), x.shape),
  ]);
  return reshape(pooled, [batch, channels]);
}

/**
 * The largest element over all spatial axes: [N, C, ...spatial] -> [N, C]. Elements tied for the largest share the
 * gradient equally, as in `maxPool`.
 */
export function globalMaxPool(x: Value): Value {
  const [batch, channels] = x.shape;
  const pooled = x.graph.emit("GlobalMaxPool", [x], { shape: [batch, channels, ...ones(x)] });
  x.graph.record([x], [pooled], ([g]) => {
    if (g === null) return [null];
    const mask = isZeroOfNonPositive(sub(x, pooled));
    const winners = x.graph.emit("ReduceSum", [mask, x.graph.integers(spatial(x).map((_, i) => i + 2))], {
      shape: pooled.shape,
    });
    return [mul(mask, div(g, winners))];
  });
  return reshape(pooled, [batch, channels]);
}
