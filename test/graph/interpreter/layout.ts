import type { Attributes } from "./attributes.js";
import { at, atBroadcast, broadcastShape, build, type Dense, indices, offset, sizeOf } from "./dense.js";

type Rule = (inputs: Dense[], attributes: Attributes) => Dense;

/** 0 keeps the input's dimension, -1 takes what is left. */
function reshape([x, target]: Dense[]): Dense {
  const kept = Array.from(target.data, (dim, axis) => (dim === 0 ? x.shape[axis] : dim));
  const rest = sizeOf(x.shape) / sizeOf(kept.filter((dim) => dim !== -1));
  const shape = kept.map((dim) => (dim === -1 ? rest : dim));
  if (sizeOf(shape) !== sizeOf(x.shape)) throw new Error(`cannot reshape [${x.shape}] to [${shape}]`);
  return { shape, data: x.data };
}

function transpose([x]: Dense[], attributes: Attributes): Dense {
  const permutation = attributes.ints("perm", [...x.shape.keys()].reverse());
  return build(
    permutation.map((axis) => x.shape[axis]),
    (index) =>
      at(
        x,
        x.shape.map((_, axis) => index[permutation.indexOf(axis)]),
      ),
  );
}

/** The positions along an axis that a slice reads, as in Python's x[start:end:step]. */
function slicedPlaces(size: number, start: number, end: number, step: number): number[] {
  const fromFront = (place: number) => (place < 0 ? place + size : place);
  const places: number[] = [];
  if (step > 0)
    for (let i = Math.max(0, fromFront(start)); i < Math.min(size, fromFront(end)); i += step) places.push(i);
  else
    for (let i = Math.min(size - 1, fromFront(start)); i > Math.max(-1, fromFront(end)); i += step)
      places.push(i);
  return places;
}

function slice([x, starts, ends, axes, steps]: Dense[]): Dense {
  const places = x.shape.map((size) => slicedPlaces(size, 0, size, 1));
  axes.data.forEach((axis, i) => {
    places[axis] = slicedPlaces(x.shape[axis], starts.data[i], ends.data[i], steps.data[i]);
  });
  return build(
    places.map((along) => along.length),
    (index) =>
      at(
        x,
        index.map((i, axis) => places[axis][i]),
      ),
  );
}

function pad([x, pads, value]: Dense[], attributes: Attributes): Dense {
  if (attributes.string("mode", "constant") !== "constant") throw new Error("no rule for this mode");
  const rank = x.shape.length;
  const shape = x.shape.map((dim, axis) => dim + pads.data[axis] + pads.data[rank + axis]);
  return build(shape, (index) => {
    const source = index.map((i, axis) => i - pads.data[axis]);
    return source.every((i, axis) => i >= 0 && i < x.shape[axis]) ? at(x, source) : (value?.data[0] ?? 0);
  });
}

function expand([x, target]: Dense[]): Dense {
  return build(broadcastShape([x.shape, [...target.data]]), (index) => atBroadcast(x, index));
}

/** Nearest neighbour: element i reads floor(i / scale). */
function resize([x, , scales]: Dense[], attributes: Attributes): Dense {
  const rules = ["mode", "coordinate_transformation_mode", "nearest_mode"].map((name) =>
    attributes.string(name, ""),
  );
  if (rules.join() !== "nearest,asymmetric,floor") throw new Error(`no rule for ${rules}`);
  return build(
    x.shape.map((dim, axis) => Math.floor(dim * scales.data[axis])),
    (index) =>
      at(
        x,
        index.map((i, axis) => Math.floor(i / scales.data[axis])),
      ),
  );
}

const reduction =
  (term: (x: number) => number, result: (sum: number, count: number) => number): Rule =>
  ([x, axes], attributes) => {
    const keepDims = attributes.int("keepdims", 1) === 1;
    const rank = x.shape.length;
    // Missing or empty axes mean all axes.
    const reduced = axes?.data.length
      ? Array.from(axes.data, (axis) => (axis + rank) % rank)
      : [...x.shape.keys()];
    const kept = x.shape.map((dim, axis) => (reduced.includes(axis) ? 1 : dim));
    const sums = new Float64Array(sizeOf(kept));
    indices(x.shape).forEach((index, i) => {
      sums[
        offset(
          kept,
          index.map((place, axis) => (reduced.includes(axis) ? 0 : place)),
        )
      ] += term(x.data[i]);
    });
    const count = x.data.length / sums.length;
    return {
      shape: keepDims ? kept : kept.filter((_, axis) => !reduced.includes(axis)),
      data: sums.map((sum) => result(sum, count)),
    };
  };

export const LAYOUT: Record<string, Rule> = {
  Reshape: reshape,
  Transpose: transpose,
  Slice: slice,
  Pad: pad,
  Expand: expand,
  Resize: resize,
  ReduceSum: reduction(
    (x) => x,
    (sum) => sum,
  ),
  ReduceMean: reduction(
    (x) => x,
    (sum, count) => sum / count,
  ),
};
