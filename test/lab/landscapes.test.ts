import { describe, expect, it } from "vitest";
import { encodeGraph, Graph, gradients } from "../../src/graph/index.js";
import { LANDSCAPES, type Landscape } from "../../src/lab/landscapes.js";
import { runOnnxRuntime } from "../graph/onnx-runtime.js";

/** float32 rounds each of about ten operations by 6e-8, relative to terms of at most 40. */
const FLOAT32_TOLERANCE = 1e-4;

/** Step of central differences, whose error is STEP^2 times a third derivative of at most 12. */
const STEP = 1e-4;

/** The minima are written with seven digits. */
const MINIMUM_TOLERANCE = 1e-6;

function slope({ at }: Landscape, x: number, y: number): [number, number] {
  return [(at(x + STEP, y) - at(x - STEP, y)) / (2 * STEP), (at(x, y + STEP) - at(x, y - STEP)) / (2 * STEP)];
}

async function throughTheEngine({ emit }: Landscape, x: number, y: number) {
  const graph = new Graph();
  const inputs = [graph.input("x", []), graph.input("y", [])];
  const loss = emit(inputs[0], inputs[1]);
  const [dx, dy] = gradients(loss, inputs);
  graph.output("loss", loss);
  graph.output("dx", dx);
  graph.output("dy", dy);
  const scalar = (value: number) => ({ shape: [], data: Float64Array.of(value) });
  const results = await runOnnxRuntime(encodeGraph(graph), { x: scalar(x), y: scalar(y) });
  return { loss: results["loss"].data[0], slope: [results["dx"].data[0], results["dy"].data[0]] };
}

describe.each(Object.entries(LANDSCAPES))("%s", (_name, landscape) => {
  const { at, start, domain, minima } = landscape;

  it("the graph's loss and gradient equal `at` and its slope", async () => {
    for (const [x, y] of [start, [domain.x[0], domain.y[1]], [0.3, -0.7]] as const) {
      const engine = await throughTheEngine(landscape, x, y);
      expect(Math.abs(engine.loss - at(x, y))).toBeLessThan(FLOAT32_TOLERANCE);
      slope(landscape, x, y).forEach((expected, axis) => {
        expect(Math.abs(engine.slope[axis] - expected)).toBeLessThan(FLOAT32_TOLERANCE);
      });
    }
  });

  it("has its minima where it says, lowest first, and draws them and the start", () => {
    const losses = minima.map(([x, y]) => at(x, y));
    expect(losses).toEqual([...losses].sort((a, b) => a - b));
    for (const [x, y] of minima) {
      for (const part of slope(landscape, x, y)) expect(Math.abs(part)).toBeLessThan(MINIMUM_TOLERANCE);
      for (const [dx, dy] of [
        [0.01, 0],
        [-0.01, 0],
        [0, 0.01],
        [0, -0.01],
      ])
        expect(at(x + dx, y + dy)).toBeGreaterThan(at(x, y));
    }
    for (const [x, y] of [start, ...minima]) {
      expect(x > domain.x[0] && x < domain.x[1]).toBe(true);
      expect(y > domain.y[0] && y < domain.y[1]).toBe(true);
    }
  });
});

it("on the local minimum, small steps downhill from the start end in the higher well", () => {
  const landscape = LANDSCAPES["local minimum"];
  let [x, y] = landscape.start;
  for (let step = 0; step < 300; step++) {
    const [dx, dy] = slope(landscape, x, y);
    x -= 0.05 * dx;
    y -= 0.05 * dy;
  }
  expect(x).toBeCloseTo(landscape.minima[1][0], 4);
});
