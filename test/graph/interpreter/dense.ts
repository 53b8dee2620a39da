/** A dense array in row-major order, float64 for every type in the model: integers are exact, bools are 0 and 1. */
export interface Dense {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, dim) => size * dim, 1);

const INDICES = new Map<string, readonly (readonly number[])[]>();

/** Every multi-index of a shape, in row-major order; cached, since the tests need the same ones thousands of times. */
export function indices(shape: readonly number[]): readonly (readonly number[])[] {
  const key = shape.join();
  let known = INDICES.get(key);
  if (known === undefined) {
    known = Array.from({ length: sizeOf(shape) }, (_, flat) => multiIndex(shape, flat));
    INDICES.set(key, known);
  }
  return known;
}

function multiIndex(shape: readonly number[], flat: number): number[] {
  if (shape.length === 0) return [];
  const last = shape.at(-1)!;
  return [...multiIndex(shape.slice(0, -1), Math.floor(flat / last)), flat % last];
}

/** The position of a multi-index in the data. */
export function offset(shape: readonly number[], index: readonly number[]): number {
  return index.reduce((place, i, axis) => place * shape[axis] + i, 0);
}

/** The array whose element at each multi-index is `element(index)`. */
export function build(shape: readonly number[], element: (index: readonly number[]) => number): Dense {
  return { shape, data: Float64Array.from(indices(shape), element) };
}

/** The element at a multi-index. */
export function at({ shape, data }: Dense, index: readonly number[]): number {
  return data[offset(shape, index)];
}

/** The element that numpy's broadcasting puts at `index` of a result of at least this rank. */
export function atBroadcast(x: Dense, index: readonly number[]): number {
  const lead = index.length - x.shape.length;
  return at(
    x,
    x.shape.map((dim, axis) => (dim === 1 ? 0 : index[lead + axis])),
  );
}

export function broadcastShape(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const dims = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1).filter((dim) => dim !== 1);
    if (new Set(dims).size > 1) throw new Error(`cannot broadcast ${JSON.stringify(shapes)}`);
    return dims[0] ?? 1;
  });
}
