import type { Tensor } from "../../src/core/tensor.js";

/** A tensor in a fixture: little-endian float32 in base64. */
export interface Stored {
  shape: number[];
  data: string;
}

export function decodeStored({ shape, data }: Stored): Tensor {
  return { shape, data: new Float32Array(new Uint8Array(Buffer.from(data, "base64")).buffer) };
}

/** Largest difference between two tensors, relative to the largest element of the second. */
export function relativeError(found: Tensor, expected: Tensor): number {
  if (found.shape.join() !== expected.shape.join()) return Number.POSITIVE_INFINITY;
  const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference = expected.data.reduce((most, value, i) => {
    const here = Math.abs(found.data[i] - value);
    return Number.isNaN(here) ? Number.POSITIVE_INFINITY : Math.max(most, here);
  }, 0);
  return difference === 0 ? 0 : difference / largest;
}
