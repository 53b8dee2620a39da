import { Random } from "../../src/core/random.js";
import { type Dense, sizeOf } from "./interpreter/dense.js";

/** How an input of a checked operation is drawn; a bare shape means distinct values around 0. */
export interface Draw {
  shape: readonly number[];
  /** The values: float32 numbers, so that ONNX Runtime and the interpreter get the same. */
  values: (random: Random) => number[];
  /** Whether gradients with respect to it are checked. */
  isDifferentiated: boolean;
}

/**
 * Distinct values in (-2, 2) in random order, none of them 0: neighbours are 4 / count apart, so that no step of a
 * central difference reaches a tie or the kink at 0.
 */
function distinct(shape: readonly number[]): Draw {
  const count = sizeOf(shape);
  const places = [...Array(count).keys()];
  return {
    shape,
    values: (random) => random.shuffle(places).map((place) => ((place + 0.27) / count) * 4 - 2),
    isDifferentiated: true,
  };
}

/** Distinct values in (0.5, 2.5). */
export function positive(...shape: number[]): Draw {
  const draw = distinct(shape);
  return { ...draw, values: (random) => draw.values(random).map((value) => value / 2 + 1.5) };
}

/** Uniform in [0, 1), not differentiated. */
export function noise(...shape: number[]): Draw {
  const values = (random: Random) => Array.from({ length: sizeOf(shape) }, () => random.uniform());
  return { shape, values, isDifferentiated: false };
}

/** 0 or 1, not differentiated. */
export function zerosAndOnes(...shape: number[]): Draw {
  const values = (random: Random) => Array.from({ length: sizeOf(shape) }, () => random.integer(2));
  return { shape, values, isDifferentiated: false };
}

/** Rows that are non-negative and sum to 1, not differentiated. */
export function distributions(rows: number, columns: number): Draw {
  const values = (random: Random) =>
    Array.from({ length: rows }, () => {
      const row = Array.from({ length: columns }, () => random.uniform());
      const total = row.reduce((sum, value) => sum + value, 0);
      return row.map((value) => value / total);
    }).flat();
  return { shape: [rows, columns], values, isDifferentiated: false };
}

export const drawOf = (spec: Draw | readonly number[]): Draw => ("shape" in spec ? spec : distinct(spec));

/** Draws the values; the same name gives the same values. */
export function drawn({ shape, values }: Draw, name: string): Dense {
  return { shape, data: Float64Array.from(values(new Random(name)), Math.fround) };
}
