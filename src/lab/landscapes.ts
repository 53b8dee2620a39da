import { add, mul, sub, type Value } from "../graph/index.js";
import type { LandscapeName } from "./results.js";

type Point = readonly [x: number, y: number];

/** A loss over two weights that shows one difficulty of optimization. */
export interface Landscape {
  readonly formula: string;
  readonly start: Point;
  /** The part worth drawing. */
  readonly domain: { readonly x: Point; readonly y: Point };
  /** In order of their loss, lowest first. */
  readonly minima: readonly Point[];
  /** The loss, in float64. */
  at(x: number, y: number): number;
  /** The same as a differentiable graph; x and y are scalars, shape []. */
  emit(x: Value, y: Value): Value;
}

/** Largest over smallest curvature of the quadratic: plain gradient descent converges only at rates below 2 / 50. */
const CONDITION_NUMBER = 50;

/** Tilt of the double well: the left minimum is 0.3 lower than the right one. */
const TILT = 0.15;

// Two roots of x^3 - x + TILT: the minima. The third, 0.1536, is the pass between them.
const LOWER_WELL = -1.067923;
const UPPER_WELL = 0.9142973;

/** Three difficulties of optimization, each with a start from which it shows. */
export const LANDSCAPES: Readonly<Record<LandscapeName, Landscape>> = {
  "ill-conditioned quadratic": {
    formula: "(x² + 50 y²) / 2",
    start: [-4.5, 0.8],
    domain: { x: [-5, 2], y: [-1.2, 1.2] },
    minima: [[0, 0]],
    at: (x, y) => (x ** 2 + CONDITION_NUMBER * y ** 2) / 2,
    emit: (x, y) => mul(add(mul(x, x), mul(mul(y, y), CONDITION_NUMBER)), 0.5),
  },
  // The start is so near the ridge y = 0 that the path first leads to the saddle point (0, 0).
  saddle: {
    formula: "x² / 2 - y² / 2 + y⁴ / 4",
    start: [-1.6, 0.001],
    domain: { x: [-2, 1], y: [-1.4, 1.4] },
    minima: [
      [0, 1],
      [0, -1],
    ],
    at: (x, y) => x ** 2 / 2 - y ** 2 / 2 + y ** 4 / 4,
    emit: (x, y) => {
      const y2 = mul(y, y);
      return add(mul(sub(mul(x, x), y2), 0.5), mul(mul(y2, y2), 0.25));
    },
  },
  // Small steps downhill from the start end in the right, higher well.
  "local minimum": {
    formula: "x⁴ / 4 - x² / 2 + 0.15 x + y² / 2",
    start: [1.8, 1.1],
    domain: { x: [-1.9, 2], y: [-1.3, 1.3] },
    minima: [
      [LOWER_WELL, 0],
      [UPPER_WELL, 0],
    ],
    at: (x, y) => x ** 4 / 4 - x ** 2 / 2 + TILT * x + y ** 2 / 2,
    emit: (x, y) => {
      const x2 = mul(x, x);
      const well = add(sub(mul(mul(x2, x2), 0.25), mul(x2, 0.5)), mul(x, TILT));
      return add(well, mul(mul(y, y), 0.5));
    },
  },
};
