import onnxProto from "onnx-proto";
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/core/tensor.js";
import { buildInferenceModel } from "../../src/nn/inference.js";
import { buildTrainingStep } from "../../src/nn/training-step.js";
import { ENGINE } from "../engine.js";
import { usageMessageOf } from "../store/message-of.js";
import { runSteps } from "./run-steps.js";
import { drawBatch, normals, tinyConfig } from "./tiny-step.js";

// An example's sums are the same in any batch, but kernels may split them into other blocks at other batch sizes.
const SAME = 1e-6;

const config = tinyConfig({ net: { ...tinyConfig().net, dropout: 0.4 } as never, emaDecay: 0.5 });
const trained = runSteps(
  buildTrainingStep(config),
  Array.from({ length: 5 }, (_, i) => drawBatch(config, `batch ${i}`)),
  { learningRate: 0.05 },
).then(({ state }) => state);

async function predict(
  weights: ReadonlyMap<string, Tensor>,
  inputs: Tensor,
  task: "single-label" | "multi-label" = "single-label",
): Promise<Float32Array> {
  const session = await ENGINE.open(buildInferenceModel({ ...config, task }, weights));
  const { probabilities } = await session.run({ inputs });
  await session.close();
  expect(probabilities.shape).toEqual([inputs.shape[0], 3]);
  return probabilities.data;
}

describe("the inference model", () => {
  it("has one input, no training nodes and no optimizer state", async () => {
    const bytes = buildInferenceModel(config, await trained, { note: "kept" });
    const { graph, metadataProps } = onnxProto.onnx.ModelProto.decode(bytes);
    const nodes = graph?.node ?? [];
    expect(graph?.input?.map(({ name }) => name)).toEqual(["inputs"]);
    expect(graph?.output?.map(({ name }) => name)).toEqual(["probabilities"]);
    expect(graph?.input?.[0].type?.tensorType?.shape?.dim?.[0].dimParam).toBe("batch");
    expect(nodes.filter(({ opType }) => opType === "BatchNormalization")).toHaveLength(2);
    const attributes = nodes.flatMap(({ attribute }) => attribute?.map(({ name }) => name) ?? []);
    expect(attributes).not.toContain("training_mode");
    expect(nodes.some(({ opType }) => opType === "Dropout" || opType?.startsWith("Random"))).toBe(false);
    const held = (graph?.initializer ?? []).map(({ name }) => name ?? "");
    expect(held.filter((name) => /momentum|average|step/.test(name))).toEqual([]);
    expect(metadataProps?.map(({ key, value }) => [key, value])).toEqual([["note", "kept"]]);
  });

  it("normalizes with the moving averages: every tensor of a batch norm matters", async () => {
    const weights = await trained;
    const inputs = normals("test", [2, 6, 8]);
    const before = await predict(weights, inputs);
    for (const part of ["mean", "var", "scale", "shift"]) {
      const name = `block1.norm.${part}`;
      const { shape, data } = weights.get(name)!;
      const changed = new Map(weights).set(name, { shape, data: data.map((value) => value + 0.5) });
      const after = await predict(changed, inputs);
      expect(Math.max(...after.map((value, i) => Math.abs(value - before[i]))), name).toBeGreaterThan(1e-4);
    }
  });

  it("gives an example the same probabilities alone and in any batch", async () => {
    const weights = await trained;
    const inputs = normals("test", [33, 6, 8]);
    const together = await predict(weights, inputs);
    const size = 6 * 8;
    for (const [first, count] of [
      [0, 1],
      [7, 1],
      [30, 3],
    ]) {
      const data = inputs.data.slice(first * size, (first + count) * size);
      const apart = await predict(weights, { shape: [count, 6, 8], data });
      apart.forEach((value, i) => {
        expect(Math.abs(value - together[first * 3 + i])).toBeLessThan(SAME);
      });
    }
  });

  it("gives probabilities: a distribution for single-label, each in [0, 1] for multi-label", async () => {
    const weights = await trained;
    const single = await predict(weights, normals("test", [4, 6, 8]));
    for (let i = 0; i < 4; i++)
      expect(single.slice(3 * i, 3 * i + 3).reduce((sum, value) => sum + value)).toBeCloseTo(1, 6);
    const several = await predict(weights, normals("test", [4, 6, 8]), "multi-label");
    expect(several.every((value) => value > 0 && value < 1)).toBe(true);
    expect(several.slice(0, 3).reduce((sum, value) => sum + value)).not.toBeCloseTo(1, 3);
  });

  it("rejects weights that do not fit", async () => {
    const weights = await trained;
    const less = new Map(weights);
    less.delete("block2.norm.var");
    expect(usageMessageOf(() => buildInferenceModel(config, less))).toBe(
      "weights must hold block2.norm.var [6], got none",
    );
    const other = new Map(weights).set("output.bias", { shape: [2], data: new Float32Array(2) });
    expect(usageMessageOf(() => buildInferenceModel(config, other))).toBe(
      "weights must hold output.bias [3], got [2]",
    );
  });
});
