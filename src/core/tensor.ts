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
