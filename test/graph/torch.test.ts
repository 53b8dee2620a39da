import { describe, expect, it } from "vitest";
import {
  abs,
  averagePool,
  batchNorm,
  batchNormMaxPool,
  conv,
  dense,
  depthwiseConv,
  elu,
  encodeGraph,
  gelu,
  globalAveragePool,
  globalMaxPool,
  leakyRelu,
  maskedSigmoidCrossEntropy,
  maxPool,
  relu,
  sigmoid,
  sigmoidCrossEntropy,
  silu,
  softmaxCrossEntropy,
  tanh,
  type Value,
} from "../../src/graph/index.js";
import { expectNear, lossModel } from "./check-op.js";
import fixture from "./fixtures/torch-ops.json" with { type: "json" };
import type { Dense } from "./interpreter/dense.js";
import { Interpreter } from "./interpreter/interpreter.js";
import { runOnnxRuntime } from "./onnx-runtime.js";

// Relative to the largest element: PyTorch computed in float64; float32 here rounds by 6e-8 in every step.
const TOLERANCE = 1e-5;

interface Options {
  stride?: number;
  padding?: number;
  epsilon: number;
  size: number[];
  slope: number;
  alpha: number;
}
interface Stored {
  shape: number[];
  data: string;
}
interface Case {
  op: string;
  options: Options;
  inputs: Record<string, Stored>;
  weights: Stored;
  out: Stored;
  gradients: Record<string, Stored>;
}

const OPS: Record<string, (v: Record<string, Value>, options: Options) => Value> = {
  conv: ({ x, w }, options) => conv(x, w, options),
  depthwiseConv: ({ x, w }, options) => depthwiseConv(x, w, options),
  dense: ({ x, w, b }) => dense(x, w, b),
  batchNorm: ({ x, scale, shift }, { epsilon }) => batchNorm(x, scale, shift, epsilon).out,
  batchNormMaxPool: ({ x, scale, shift }, options) => batchNormMaxPool(x, scale, shift, options).out,
  maxPool: ({ x }, { size }) => maxPool(x, size),
  averagePool: ({ x }, { size }) => averagePool(x, size),
  globalMaxPool: ({ x }) => globalMaxPool(x),
  globalAveragePool: ({ x }) => globalAveragePool(x),
  relu: ({ x }) => relu(x),
  leakyRelu: ({ x }, { slope }) => leakyRelu(x, slope),
  elu: ({ x }, { alpha }) => elu(x, alpha),
  gelu: ({ x }) => gelu(x),
  silu: ({ x }) => silu(x),
  sigmoid: ({ x }) => sigmoid(x),
  tanh: ({ x }) => tanh(x),
  abs: ({ x }) => abs(x),
  softmaxCrossEntropy: ({ logits, targets }) => softmaxCrossEntropy(logits, targets),
  maskedSigmoidCrossEntropy: ({ logits, targets, known }) =>
    maskedSigmoidCrossEntropy(logits, targets, known),
  sigmoidCrossEntropy: ({ logits, targets }) => sigmoidCrossEntropy(logits, targets),
};

function denseOf({ shape, data }: Stored): Dense {
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  return { shape, data: Float64Array.from(new Float32Array(bytes.buffer)) };
}

const shapesOf = ({ inputs }: Case) =>
  Object.entries(inputs).map(([name, { shape }]) => `${name} [${shape.join(", ")}]`);

describe("an operation, against PyTorch", () => {
  const cases = (fixture.cases as unknown as Case[]).map((item): [string, Case] => [
    `${item.op} ${JSON.stringify(item.options)} of ${shapesOf(item).join(", ")}`,
    item,
  ]);

  it.each(cases)("%s", async (_, { op, options, inputs, weights, out, gradients }) => {
    const draws = Object.entries(inputs).map(([name, { shape }]) => [
      name,
      { shape, values: () => [], isDifferentiated: name in gradients },
    ]);
    const { graph } = lossModel(Object.fromEntries(draws), (values) => OPS[op](values, options));
    const bytes = encodeGraph(graph);
    const feeds: Record<string, Dense> = { weights: denseOf(weights) };
    for (const [name, stored] of Object.entries(inputs)) feeds[name] = denseOf(stored);

    const engines = {
      "ONNX Runtime": await runOnnxRuntime(bytes, feeds),
      float64: new Interpreter(bytes).run(feeds),
    };
    for (const [engine, results] of Object.entries(engines)) {
      expectNear(results["out"], denseOf(out), TOLERANCE, `${engine}: out`);
      for (const [name, stored] of Object.entries(gradients))
        expectNear(results[`d${name}`], denseOf(stored), TOLERANCE, `${engine}: gradient of ${name}`);
    }
  });

  it("has a case for every operation listed here", () => {
    expect(new Set(fixture.cases.map(({ op }) => op))).toEqual(new Set(Object.keys(OPS)));
  });
});
