import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { frontEnd } from "../../src/features/front-end.js";
import { encodeGraph, Graph, mul } from "../../src/graph/index.js";
import { type NetSettings, netConfig } from "../../src/nn/architectures.js";
import { OPTIMIZERS } from "../../src/nn/optimizers.js";
import { buildTrainingStep, type TrainingStepConfig } from "../../src/nn/training-step.js";
import { freeTensors, openKeeping } from "../../src/runtime/engine.js";
import { augmentationOf } from "../../src/training/augmentation.js";
import { StepRunner } from "../../src/training/step-runner.js";
import { ENGINE } from "../engine.js";
import { runSteps } from "../nn/run-steps.js";
import { drawBatch, tinyConfig } from "../nn/tiny-step.js";
import { findWebGpu } from "./webgpu.js";

const webGpu = await findWebGpu();
const onGpu = { engine: webGpu! };

/** Float32 rounds by 6e-8; a step adds up to a few thousand products, in another order on a GPU. */
const TOLERANCE = 1e-4;

const NETS: Record<string, { net: NetSettings; changes?: Partial<TrainingStepConfig> }> = {
  vgg: { net: { kind: "vgg", channels: [4, 6] } },
  "vgg without batch norm": { net: { kind: "vgg", channels: [4, 6], batchNorm: null } },
  "gct634-1d": {
    net: { kind: "gct634-1d", channels: [4, 4], kernelSizes: [3, 3], pools: [2, 2] },
    changes: { inputShape: [16, 8] },
  },
  "short-chunk": { net: { kind: "short-chunk", channels: [4, 4], dropout: 0 } },
  "ds-cnn": { net: { kind: "ds-cnn", channels: [4, 4], dropout: 0 } },
  mlp: { net: { kind: "mlp", units: [8] } },
  "several labels, AdamW, clipped, averaged, watched": {
    net: { kind: "vgg", channels: [4, 6] },
    changes: {
      task: "multi-label",
      optimizer: OPTIMIZERS.adamw.optimizer,
      clipNorm: 0.1,
      emaDecay: 0.9,
      watch: true,
    },
  },
  "augmented and whitened": {
    net: { kind: "vgg", channels: [4, 6] },
    changes: {
      augmentation: augmentationOf(frontEnd({ nMels: 8 }), {
        augment: 1,
        augmentation: {},
        segmentFrames: 6,
      }),
      normalization: {
        kind: "whiten",
        mean: new Float32Array(8).fill(0.5),
        projection: { shape: [8, 8], data: Float32Array.from({ length: 64 }, (_, i) => Math.cos(i)) },
      },
    },
  },
};

describe.skipIf(webGpu === null)("WebGPU", () => {
  it.each(Object.entries(NETS))("trains as the CPU does: %s", async (_name, { net, changes }) => {
    const config = tinyConfig({ net: netConfig(net), ...changes });
    const step = buildTrainingStep(config);
    const batches = ["a", "b", "c"].map((name) => {
      const { inputs, targets } = drawBatch(config, name);
      return { inputs: { ...inputs, data: inputs.data.map(Math.abs) }, targets }; // log-mel values are not negative
    });
    const settings = { learningRate: 0.01 };
    const expected = await runSteps(step, batches, settings);
    const actual = await runSteps(step, batches, { ...settings, ...onGpu });
    actual.losses.forEach((loss, i) => {
      expect(Math.abs(loss / expected.losses[i] - 1)).toBeLessThan(TOLERANCE);
    });
    expect([...actual.state.keys()]).toEqual([...expected.state.keys()]);
  });

  it("keeps the state on the device from step to step", async () => {
    const graph = new Graph();
    const next = mul(graph.input("w", [2]), graph.input("x", []));
    graph.output("next", next);
    graph.output("twice", mul(next, 2));
    const session = await openKeeping(webGpu!, encodeGraph(graph), ["next"]);
    const x = { shape: [], data: Float32Array.of(3) };
    const first = await session.run({ w: { shape: [2], data: Float32Array.of(1, 2) }, x });
    expect(Object.keys(first.results)).toEqual(["twice"]);
    expect(first.kept["next"]).not.toHaveProperty("data");
    const second = await session.run({ w: first.kept["next"], x });
    expect([...second.results["twice"].data]).toEqual([18, 36]);
    const read = await session.read(
      new Map([
        ["w", second.kept["next"]],
        ["x", x],
      ]),
    );
    expect([...read.get("w")!.data]).toEqual([9, 18]);
    expect(read.get("x")).toBe(x);
    freeTensors([first.kept["next"], second.kept["next"]]);
    await session.close();
  });

  it("sees a loss that is not finite, and returns to the state before it", async () => {
    const config = tinyConfig();
    const step = buildTrainingStep(config);
    const { inputs, targets } = drawBatch(config);
    const runs = [ENGINE, webGpu!].map(async (engine) => {
      const runner = await StepRunner.open(engine, step);
      const random = new Random(1);
      runner.load((await runSteps(step, [], { learningRate: 0 })).state);
      const losses = [];
      for (const learningRate of [0.01, 1e30, 0.01])
        losses.push((await runner.run({ inputs, targets }, { learningRate, random })).loss);
      const { state } = await runner.lookBack();
      await runner.close();
      return { losses, weight: [...state.get("block1.conv.weight")!.data] };
    });
    const [expected, actual] = await Promise.all(runs);
    expect(actual.losses.map(Number.isFinite)).toEqual(expected.losses.map(Number.isFinite));
    expect(expected.losses.map(Number.isFinite)).toContain(false);
    actual.weight.forEach((value, i) => {
      expect(value).toBeCloseTo(expected.weight[i], 5);
    });
  });
});
