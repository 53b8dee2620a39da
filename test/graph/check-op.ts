import { describe, expect, it } from "vitest";
import { encodeGraph, Graph, gradients, mul, sum, type Value } from "../../src/graph/index.js";
import { withSession } from "../../src/runtime/engine.js";
import { findWebGpu } from "../runtime/webgpu.js";
import { type Draw, drawn, drawOf } from "./draw.js";
import type { Dense } from "./interpreter/dense.js";
import { Interpreter } from "./interpreter/interpreter.js";
import { runOnnxRuntime } from "./onnx-runtime.js";

const webGpu = await findWebGpu();

/**
 * Step of the central differences. Their error is about STEP^2 / 6 times a third derivative plus float64's 1e-16 / STEP:
 * about 1e-10.
 */
const STEP = 1e-5;

/**
 * Relative to the largest gradient. All arithmetic is float64, but a model stores its constants as float32: 1 / 30 is
 * accurate only to 6e-8, and the constants of a gradient rule round differently from those of the forward pass.
 */
const GRADIENT_TOLERANCE = 1e-6;

/** Relative to the largest element: float32 rounds by 6e-8, and the longest sums here have a few hundred terms. */
const FLOAT32_TOLERANCE = 1e-5;

export const largest = (values: Float64Array) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Expects equal shapes, and elements equal within `tolerance` times `scale`, by default the largest expected one. */
export function expectNear(
  actual: Dense,
  expected: Dense,
  tolerance: number,
  what: string,
  scale = largest(expected.data),
): void {
  expect(actual.shape, what).toEqual(expected.shape);
  const worst = largest(actual.data.map((value, i) => value - expected.data[i]));
  const shown = `${what}: ${[...actual.data]} against ${[...expected.data]}`;
  expect(worst, shown).toBeLessThanOrEqual(tolerance * scale);
}

/** An operation's model: outputs "out", "loss" = sum(out * weights), and "d<name>" for each differentiated input. */
export function lossModel<Name extends string>(
  draws: Record<Name, Draw>,
  build: (values: Record<Name, Value>) => Value,
) {
  const graph = new Graph();
  const names = Object.keys(draws) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, graph.input(name, draws[name].shape)]));
  const out = build(values as Record<Name, Value>);
  const loss = sum(mul(out, graph.input("weights", out.shape)));
  const differentiated = names.filter((name) => draws[name].isDifferentiated);
  const found = gradients(
    loss,
    differentiated.map((name) => values[name]),
  );
  graph.output("out", out);
  graph.output("loss", loss);
  differentiated.forEach((name, i) => {
    graph.output(`d${name}`, found[i]);
  });
  return { graph, outShape: out.shape, differentiated };
}

/** The gradient of `loss` by central differences: every element is moved a step up and a step down. */
function centralDifferences(interpreter: Interpreter, inputs: Record<string, Dense>, name: string): Dense {
  const { shape, data } = inputs[name];
  const lossWith = (i: number, value: number) => {
    const moved = { ...inputs, [name]: { shape, data: data.with(i, value) } };
    return interpreter.run(moved, ["loss"])["loss"].data[0];
  };
  return {
    shape,
    data: data.map((value, i) => (lossWith(i, value + STEP) - lossWith(i, value - STEP)) / (2 * STEP)),
  };
}

/** Expects every value on the tape to have, when executed, the shape that the builder gave it. */
function expectTrueShapes({ tape }: Graph, interpreter: Interpreter, inputs: Record<string, Dense>): void {
  const values = tape.flatMap((entry) => [...entry.inputs, ...entry.outputs]);
  const executed = interpreter.run(
    inputs,
    values.map(({ name }) => name),
  );
  for (const { name, shape } of values)
    if (executed[name] !== undefined) expect(executed[name].shape, name).toEqual(shape);
}

/**
 * Adds two tests of one operation, on the loss sum(out * weights) with random weights: its emitted gradients equal
 * central differences through the interpreter, and ONNX Runtime equals the interpreter, forward and backward.
 *
 * @param specs shape or draw of every input
 */
export function checkOp<Name extends string>(
  name: string,
  specs: Record<Name, Draw | readonly number[]>,
  build: (values: Record<Name, Value>) => Value,
): void {
  const prepare = () => {
    const names = Object.keys(specs) as Name[];
    const draws = Object.fromEntries(names.map((key) => [key, drawOf(specs[key])])) as Record<Name, Draw>;
    const { graph, outShape, differentiated } = lossModel(draws, build);
    const inputs: Record<string, Dense> = Object.fromEntries(
      names.map((key) => [key, drawn(draws[key], `${name}/${key}`)]),
    );
    inputs["weights"] = drawn(drawOf(outShape), `${name}/weights`);
    const bytes = encodeGraph(graph);
    return { graph, differentiated, inputs, bytes, interpreter: new Interpreter(bytes) };
  };

  describe(name, () => {
    it("gradient equals central differences", () => {
      const { graph, differentiated, inputs, interpreter } = prepare();
      const results = interpreter.run(inputs);
      for (const key of differentiated)
        expectNear(results[`d${key}`], centralDifferences(interpreter, inputs, key), GRADIENT_TOLERANCE, key);
      expectTrueShapes(graph, interpreter, inputs);
    });

    const equalsInterpreter = async (run: typeof runOnnxRuntime) => {
      const { inputs, bytes, interpreter } = prepare();
      const expected = interpreter.run(inputs);
      const actual = await run(bytes, inputs);
      for (const key of Object.keys(expected)) {
        // The loss sums terms of both signs: its rounding error depends on the size of the terms, not of the sum.
        const { data } = expected["out"];
        const scale = key === "loss" ? data.length * largest(data) : largest(expected[key].data);
        expectNear(actual[key], expected[key], FLOAT32_TOLERANCE, key, scale);
      }
    };

    it("ONNX Runtime equals the interpreter", () => equalsInterpreter(runOnnxRuntime));

    it.skipIf(webGpu === null)("WebGPU equals the interpreter", () => equalsInterpreter(runWebGpu));
  });
}

async function runWebGpu(
  bytes: Uint8Array,
  inputs: Readonly<Record<string, Dense>>,
): Promise<Record<string, Dense>> {
  const feeds = Object.entries(inputs).map(
    ([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }] as const,
  );
  const results = await withSession(webGpu!, bytes, (session) => session.run(Object.fromEntries(feeds)));
  return Object.fromEntries(
    Object.entries(results).map(([name, { shape, data }]) => [
      name,
      { shape, data: Float64Array.from(data) },
    ]),
  );
}
