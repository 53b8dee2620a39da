import type { Compression } from "./front-end.js";

/** Writes the compressed mel values to `out` from `offset` on. */
export type Compress = (mel: Float64Array, out: Float32Array, offset: number) => void;

/**
 * Returns the compression of mel values, without `topDb`, which needs the whole clip (`limitRange`).
 * Logarithms use `Math.log`, which is twice as fast as `Math.log10` in V8.
 */
export function compressor(compression: Compression): Compress {
  if (compression.kind === "powerToDb") {
    const { amin, ref } = compression;
    const dbPerNeper = 10 * Math.LOG10E;
    const refDb = dbPerNeper * Math.log(Math.max(amin, ref));
    return (mel, out, offset) => {
      for (let m = 0; m < mel.length; m++)
        out[offset + m] = dbPerNeper * Math.log(Math.max(amin, mel[m])) - refDb;
    };
  }
  const { scale } = compression;
  const perNeper = compression.kind === "log10" ? Math.LOG10E : 1;
  return (mel, out, offset) => {
    for (let m = 0; m < mel.length; m++) out[offset + m] = perNeper * Math.log(1 + scale * mel[m]);
  };
}

/** Raises values more than `compression.topDb` below the greatest to that limit, in place. */
export function limitRange(values: Float32Array, compression: Compression): void {
  if (compression.kind !== "powerToDb" || compression.topDb === null) return;
  let greatest = -Infinity;
  for (const value of values) greatest = Math.max(greatest, value);
  const floor = greatest - compression.topDb;
  for (let i = 0; i < values.length; i++) if (values[i] < floor) values[i] = floor;
}
