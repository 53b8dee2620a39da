import { UsageError } from "../../core/errors.js";
import { sizeOf } from "../../core/tensor.js";
import type { Value } from "../graph.js";

/**
 * The same elements, in row-major order, in another shape. Gradient: g in x's shape.
 *
 * If the first dimension does not change, the node says "keep" (0) instead of its size: right for any batch size.
 * @throws UsageError if the shape does not hold as many elements as x
 */
export function reshape(x: Value, shape: readonly number[]): Value {
  if (sizeOf(shape) !== sizeOf(x.shape))
    throw new UsageError({
      setting: "shape",
      rule: `hold the ${sizeOf(x.shape)} elements of x [${x.shape.join(", ")}]`,
      got: `[${shape.join(", ")}], which holds ${sizeOf(shape)}`,
    });
  if (shape.join() === x.shape.join()) return x;
  const keepsFirst = shape.length > 0 && x.shape.length > 0 && shape[0] === x.shape[0];
  const target = keepsFirst ? [0, ...shape.slice(1)] : shape;
  const out = x.graph.emit("Reshape", [x, x.graph.integers(target)], { shape });
  x.graph.record([x], [out], ([g]) => [g === null ? null : reshape(g, x.shape)]);
  return out;
}

/**
 * Puts the axes in another order: out.shape[i] = x.shape[permutation[i]]. Gradient: g with its axes in x's order.
 * @param permutation each axis of x once
 */
export function transpose(x: Value, permutation: readonly number[]): Value {
  const shape = permutation.map((axis) => x.shape[axis]);
  const out = x.graph.emit("Transpose", [x], { shape }, { perm: permutation });
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  x.graph.record([x], [out], ([g]) => [g === null ? null : transpose(g, inverse)]);
  return out;
}

/** Reverses the order of the elements along one axis. No gradient flows through it. */
export function flip(x: Value, axis: number): Value {
  const [start, end, axes, step] = [[-1], [-x.shape[axis] - 1], [axis], [-1]].map((v) => x.graph.integers(v));
  return x.graph.emit("Slice", [x, start, end, axes, step], { shape: x.shape });
}

/**
 * Pads the last axes with a constant, before and after their elements. No gradient flows through it.
 * @param before number of new elements for each padded axis; before[i] is for axis rank - before.length + i
 * @param after the same for the other end, as long as `before`
 * @param value of the new elements
 */
export function pad(x: Value, before: readonly number[], after: readonly number[], value = 0): Value {
  if ([...before, ...after].every((amount) => amount === 0)) return x;
  const { graph, shape } = x;
  const lead = shape.length - before.length;
  const full = (amounts: readonly number[]) => [...Array<number>(lead).fill(0), ...amounts];
  return graph.emit("Pad", [x, graph.integers([...full(before), ...full(after)]), graph.constant(value)], {
    shape: shape.map((dim, i) => dim + full(before)[i] + full(after)[i]),
  });
}

/** The shape after a reduction over `axes`. */
function reducedShape(shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  return keepDims
    ? shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
    : shape.filter((_, axis) => !axes.includes(axis));
}

const everyAxis = (x: Value) => x.shape.map((_, axis) => axis);

/**
 * The sum over some axes. Gradient: g, copied along them.
 * @param axes @default all of them, which gives a scalar
 * @param keepDims whether the summed axes stay, with size 1
 */
export function sum(x: Value, axes: readonly number[] = everyAxis(x), keepDims = false): Value {
  if (axes.length === 0) return x; // ONNX would read an empty list as all axes
  const out = x.graph.emit(
    "ReduceSum",
    [x, x.graph.integers(axes)],
    { shape: reducedShape(x.shape, axes, keepDims) },
    { keepdims: keepDims ? 1 : 0 },
  );
  x.graph.record([x], [out], ([g]) => [
    g === null ? null : expand(reshape(g, reducedShape(x.shape, axes, true)), x.shape),
  ]);
  return out;
}

/**
 * Copies x along its axes of size 1, and along new leading axes, to fill a shape. Gradient: g, summed over the copies.
 * @param shape a shape that x broadcasts to
 */
export function expand(x: Value, shape: readonly number[]): Value {
  if (shape.join() === x.shape.join()) return x;
  const out = x.graph.emit("Expand", [x, x.graph.integers(shape)], { shape });
  x.graph.record([x], [out], ([g]) => [g === null ? null : sumTo(g, x.shape)]);
  return out;
}

/** Sums the gradient of a broadcast value back to the shape that the value had before. */
export function sumTo(gradient: Value, shape: readonly number[]): Value {
  if (gradient.shape.join() === shape.join()) return gradient;
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < lead || shape[axis - lead] === 1);
  const broadcast = axes.filter((axis) => gradient.shape[axis] !== 1 || axis < lead);
  return reshape(broadcast.length > 0 ? sum(gradient, broadcast, true) : gradient, shape);
}
