import { UsageError } from "./errors.js";

/** A dense array of 32-bit floats in row-major order. `data.length` is the product of `shape`. */
export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dim) => size * dim, 1);
}

/**
 * A tensor over `data` (not copied).
 * @throws UsageError if the length does not match the shape
 */
export function tensor(data: Float32Array, shape: readonly number[]): Tensor {
  if (data.length !== sizeOf(shape))
    throw new UsageError({
      setting: "data",
      rule: `hold ${sizeOf(shape)} values for shape [${shape.join(", ")}]`,
      got: data.length,
    });
  return { data, shape };
}

/** A tensor of zeros. */
export function zeros(shape: readonly number[]): Tensor {
  return { data: new Float32Array(sizeOf(shape)), shape };
}

/** Whether all values are finite numbers. */
export function isFiniteData(data: Float32Array, from = 0, to = data.length): boolean {
  // 0 times a finite number is 0, times any other NaN: a sum needs no branch for each value.
  let sum = 0;
  for (let i = from; i < to; i++) sum += 0 * data[i];
  return sum === 0;
}
