import type { Compression } from "./front-end.js";

/** Writes the compressed mel values to `out` from `offset` on. */
export type Compress = (mel: Float64Array, out: Float32Array, offset: number) => void;

/**
 * Returns the compression of mel values, without `topDb`, which needs the whole clip (`leastValue`).
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

/** The least value that `compression.topDb` leaves in a clip whose greatest value is `greatest`. */
export function leastValue(compression: Compression, greatest: number): number {
  if (compression.kind !== "powerToDb" || compression.topDb === null) return Number.NEGATIVE_INFINITY;
  return greatest - compression.topDb;
}

/** Raises lower values to `least`, in place. */
export function raiseTo(least: number, values: Float32Array): void {
  if (least > Number.NEGATIVE_INFINITY)
    for (let i = 0; i < values.length; i++) if (values[i] < least) values[i] = least;
}
