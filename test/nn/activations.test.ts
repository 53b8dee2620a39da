import { describe, expect, it } from "vitest";
import { tensor } from "../../src/core/tensor.js";
import { encodeGraph, Graph, gradients, sum } from "../../src/graph/index.js";
import {
  ACTIVATION_NAMES,
  ACTIVATIONS,
  type ActivationName,
  type ActivationSpec,
  LEAKY_SLOPE,
} from "../../src/nn/activations.js";
import { ENGINE } from "../engine.js";

// ONNX Runtime's tanh and sigmoid are rational approximations, accurate to about 1e-7 of their range.
const FLAT = 1e-6;

/** From -12 to 12 in steps of 1/16, and far out on both sides. */
const GRID = [
  ...[-1e4, -1e3, -100],
  ...Array.from({ length: 385 }, (_, i) => (i - 192) / 16),
  ...[100, 1e3, 1e4],
];

interface Point {
  x: number;
  y: number;
  slope: number;
}

/** An activation and its derivative on the grid, as the engine computes them. */
async function curve(name: ActivationName): Promise<Point[]> {
  const graph = new Graph();
  const x = graph.input("x", [GRID.length]);
  const y = ACTIVATIONS[name].emit(x);
  graph.output("y", y);
  graph.output("slope", gradients(sum(y), [x])[0]);
  const session = await ENGINE.open(encodeGraph(graph));
  const results = await session.run({ x: tensor(Float32Array.from(GRID), [GRID.length]) });
  await session.close();
  return GRID.map((x, i) => ({ x, y: results["y"].data[i], slope: results["slope"].data[i] }));
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** The definitions. JavaScript has no erf, which `gelu` needs: it is in test/graph/torch.test.ts. */
const DEFINITIONS: Record<Exclude<ActivationName, "gelu">, (x: number) => number> = {
  relu: (x) => Math.max(0, x),
  "leaky-relu": (x) => (x > 0 ? x : x / 100),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  silu: (x) => x * sigmoid(x),
  tanh: Math.tanh,
  sigmoid,
};

it("names every activation once", () => {
  expect(ACTIVATION_NAMES).toEqual(["relu", "leaky-relu", "elu", "gelu", "silu", "tanh", "sigmoid"]);
  expect(Object.keys(ACTIVATIONS)).toEqual(ACTIVATION_NAMES);
  expect(LEAKY_SLOPE).toBe(0.01);
});

it.each(Object.entries(DEFINITIONS))("%s equals its definition", async (name, definition) => {
  for (const { x, y } of await curve(name as ActivationName))
    expect(Math.abs(y - definition(x)), `at ${x}: ${y}`).toBeLessThanOrEqual(FLAT * Math.max(1, Math.abs(x)));
});

describe.each(ACTIVATION_NAMES)("%s", (name) => {
  const { isMonotone, inactive }: ActivationSpec = ACTIVATIONS[name];

  it("is finite, has a finite gradient and settles, as far out as 10000", async () => {
    const points = await curve(name);
    for (const { x, y, slope } of points) expect([y, slope].every(Number.isFinite), `at ${x}`).toBe(true);
    const [below, above] = [points[0], points[points.length - 1]];
    const isBounded = name === "tanh" || name === "sigmoid";
    expect(above.slope).toBeCloseTo(isBounded ? 0 : 1, 6);
    expect(above.y).toBeCloseTo(isBounded ? 1 : above.x, 6);
    expect(below.slope).toBeCloseTo(name === "leaky-relu" ? LEAKY_SLOPE : 0, 6);
  });

  it(`is ${isMonotone ? "" : "not "}monotone, as declared`, async () => {
    const points = await curve(name);
    const falls = points.slice(1).map(({ y }, i) => points[i].y - y);
    const deepest = Math.max(...falls);
    if (isMonotone) expect(deepest).toBeLessThanOrEqual(FLAT);
    else expect(deepest).toBeGreaterThan(1e-3);
  });

  it("is inactive where little of the gradient passes, and only there", async () => {
    const points = await curve(name);
    if (inactive.kind === "dead") {
      // An output above 0 passes at least half of the gradient, so a unit with none has only its negative side.
      for (const { x, y, slope } of points) {
        expect(y > 0, `at ${x}`).toBe(x > 0);
        if (x > 0) expect(slope, `at ${x}`).toBeGreaterThan(0.5);
      }
      return;
    }
    const { low, high } = inactive;
    const isInactive = ({ y }: Point) => (low !== null && y < low) || (high !== null && y > high);
    expect(points.some(({ y }) => low !== null && y < low)).toBe(low !== null);
    expect(points.some(({ y }) => high !== null && y > high)).toBe(high !== null);
    // The curve is steepest at the bounds of tanh, 1 - 0.99^2 = 0.0199, and flattest at those of sigmoid, 0.01 * 0.99.
    for (const point of points) {
      if (isInactive(point)) expect(point.slope, `at ${point.x}`).toBeLessThanOrEqual(0.02);
      else expect(point.slope, `at ${point.x}`).toBeGreaterThanOrEqual(0.0098);
    }
  });
});
