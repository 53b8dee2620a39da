import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import type { Tensor } from "../../src/core/tensor.js";
import { frontEnd } from "../../src/features/front-end.js";
import { netConfig } from "../../src/nn/architectures.js";
import { buildInferenceModel } from "../../src/nn/inference.js";
import { AVERAGE, buildTrainingStep, initialState, type Task } from "../../src/nn/training-step.js";
import { augmentationOf } from "../../src/training/augmentation.js";
import { ENGINE } from "../engine.js";
import { usageMessageOf } from "../store/message-of.js";
import { runSteps } from "./run-steps.js";
import { relativeError } from "./stored.js";
import { drawBatch, normals, tinyConfig } from "./tiny-step.js";

/** 2 blocks: 36 + 4 + 4 and 216 + 6 + 6; dense: 18 + 3. */
const PARAMETERS = 293;

describe("learning", () => {
  it("overfits one batch", async () => {
    const config = tinyConfig();
    const batches = Array(60).fill(drawBatch(config));
    const { losses } = await runSteps(buildTrainingStep(config), batches, { learningRate: 0.1 });
    expect(losses[0]).toBeGreaterThan(0.8);
    expect(losses.at(-1)).toBeLessThan(0.05);
  });

  it.each([
    ["0", 0],
    ["-100 dB", -100],
  ])("stays finite if every example is silence of %s, which ties in all pools", async (_name, value) => {
    const config = tinyConfig();
    const batch = drawBatch(config);
    const silence = {
      shape: batch.inputs.shape,
      data: new Float32Array(batch.inputs.data.length).fill(value),
    };
    const batches = Array(5).fill({ ...batch, inputs: silence });
    const { losses, state } = await runSteps(buildTrainingStep(config), batches, { learningRate: 0.1 });
    expect(losses.every(Number.isFinite)).toBe(true);
    for (const [name, { data }] of state) expect(data.every(Number.isFinite), name).toBe(true);
  });

  it.each(["block1.conv.weight", "output.weight"])(
    "has a NaN loss for a NaN in %s, even if pools and activations swallow it",
    async (name) => {
      const net = netConfig({
        kind: "gct634-1d",
        channels: [4, 4],
        kernelSizes: [3, 2],
        pools: [2, 1],
        activation: "tanh",
        batchNorm: null,
      });
      const config = tinyConfig({ net, inputShape: [12, 8] });
      const step = buildTrainingStep(config);
      const initial = initialState(step, new Random("sound"));
      const poisoned = new Map(initial);
      const { shape, data } = initial.get(name)!;
      poisoned.set(name, { shape, data: data.map(() => Number.NaN) });
      const batches = [drawBatch(config)];
      const sound = await runSteps(step, batches, { learningRate: 0.1, initial });
      const sick = await runSteps(step, batches, { learningRate: 0.1, initial: poisoned });
      expect(sound.losses[0]).toBeLessThan(10);
      expect(sick.losses[0]).toBeNaN();
    },
  );

  it("has a NaN loss for a running variance beyond float32, which training itself never reads", async () => {
    const config = tinyConfig();
    const step = buildTrainingStep(config);
    const initial = initialState(step, new Random("sound"));
    initial.set("block1.norm.var", { shape: [4], data: new Float32Array(4).fill(Number.POSITIVE_INFINITY) });
    const { losses } = await runSteps(step, [drawBatch(config)], { learningRate: 0.1, initial });
    expect(losses[0]).toBeNaN();
  });

  it("reads dropout's noise, drawn anew for every step", async () => {
    const config = tinyConfig({ net: { ...tinyConfig().net, dropout: 0.5 } as never });
    const step = buildTrainingStep(config);
    expect(step.randomInputs.map(({ name, shape }) => [name, shape])).toEqual([["dropout.noise", [6, 6]]]);
    const batches = [drawBatch(config), drawBatch(config)];
    const { losses } = await runSteps(step, batches, { learningRate: 1e-12 });
    expect(Math.abs(losses[1] - losses[0])).toBeGreaterThan(1e-3); // the weights have hardly moved
  });
});

describe("the global pool", () => {
  /** Probabilities for a burst at a frame and a band, from a net with random weights. */
  async function answer(globalPool: "frames" | "all", [frame, band]: [number, number]): Promise<number[]> {
    const config = tinyConfig({
      net: netConfig({ kind: "vgg", channels: [4, 6], globalPool, dropout: 0 }),
      inputShape: [64, 64],
    });
    const weights = initialState(buildTrainingStep(config), new Random("pool"));
    const session = await ENGINE.open(buildInferenceModel(config, weights));
    const inputs = { shape: [1, 64, 64], data: new Float32Array(64 * 64) };
    inputs.data[64 * frame + band] = 30;
    const { probabilities } = await session.run({ inputs });
    await session.close();
    return [...probabilities.data];
  }
  const distance = (a: number[], b: number[]) => Math.max(...a.map((value, i) => Math.abs(value - b[i])));

  it("over frames shows where on the mel axis a sound is, and not when it occurs", async () => {
    const here = await answer("frames", [16, 16]);
    expect(distance(here, await answer("frames", [40, 16]))).toBeLessThan(1e-6);
    expect(distance(here, await answer("frames", [16, 40]))).toBeGreaterThan(1e-3);
  });
  it("over all shows neither", async () => {
    const here = await answer("all", [16, 16]);
    expect(distance(here, await answer("all", [40, 16]))).toBeLessThan(1e-6);
    expect(distance(here, await answer("all", [16, 40]))).toBeLessThan(1e-6);
  });
});

describe("threads", () => {
  it("give the same bits for any number of them, on sizes where they share the work", async () => {
    const config = tinyConfig({
      net: netConfig({ kind: "vgg", channels: [16, 32], dropout: 0.2 }),
      inputShape: [48, 64],
      batchSize: 8,
      emaDecay: 0.9,
      augmentation: augmentationOf(frontEnd({ nMels: 64 }), {
        augment: 1,
        augmentation: { filter: 0.5, reverbSec: 1, mixStyle: 0.5 },
        segmentFrames: 48,
      }),
    });
    const step = buildTrainingStep(config);
    const batches = [drawBatch(config, "a"), drawBatch(config, "b")].map((batch) => ({
      ...batch,
      inputs: { ...batch.inputs, data: batch.inputs.data.map(Math.abs) },
    }));
    const [one, ...others] = await Promise.all(
      [1, 2, 3, 5].map((threads) => runSteps(step, batches, { learningRate: 0.05, threads })),
    );
    for (const other of others) expect(other).toEqual(one);
  });
});

describe("the averaged weights", () => {
  it("average parameters and moving averages over a tenth of the steps, and later as far back as the decay reaches", async () => {
    const decay = 0.4; // the fraction 1 - decay = 0.6 is the larger one from the 8th step on
    const config = tinyConfig({ emaDecay: decay });
    const step = buildTrainingStep(config);
    const batches = Array.from({ length: 12 }, (_, i) => drawBatch(config, `batch ${i}`));
    const { states } = await runSteps(step, batches, { learningRate: 0.05 });
    const names = step.state.map(({ name }) => name).filter((name) => name.startsWith(AVERAGE));
    expect(names).toHaveLength(12);
    for (const name of names) {
      const trace = states.map((state) => state.get(name.slice(AVERAGE.length))!);
      const average = new Float64Array(trace[0].data.length);
      trace.forEach(({ data }, i) => {
        const fraction = Math.max(10 / (i + 10), 1 - decay);
        for (let k = 0; k < average.length; k++) average[k] += fraction * (data[k] - average[k]);
      });
      const expected = { shape: trace[0].shape, data: Float32Array.from(average) };
      // 12 float32 updates of 3 operations.
      expect(relativeError(states.at(-1)!.get(name)!, expected), name).toBeLessThan(2e-6);
    }
  });

  it("do not touch the training itself", async () => {
    const [plain, averaged] = [tinyConfig(), tinyConfig({ emaDecay: 0.9 })];
    const batches = Array(4).fill(drawBatch(plain));
    const a = await runSteps(buildTrainingStep(plain), batches, { learningRate: 0.05 });
    const b = await runSteps(buildTrainingStep(averaged), batches, { learningRate: 0.05 });
    for (const [name, tensor] of a.state) expect(b.state.get(name)!.data, name).toEqual(tensor.data);
  });
});

describe("label smoothing", () => {
  // A few float32 logits and logarithms.
  const TOLERANCE = 1e-6;

  function smoothedLoss(
    task: Task,
    given: { inputs: Tensor; targets: Tensor; weights: Tensor; smoothing: number },
  ) {
    const { inputs, targets, weights, smoothing } = given;
    const [batch, features] = inputs.shape;
    const nLabels = targets.shape[1];
    let total = 0;
    for (let i = 0; i < batch; i++) {
      const logits = Array.from({ length: nLabels }, (_, j) =>
        Array.from(
          { length: features },
          (_, k) => inputs.data[i * features + k] * weights.data[j * features + k],
        ).reduce((sum, product) => sum + product),
      );
      const norm = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
      logits.forEach((logit, j) => {
        const hard = targets.data[i * nLabels + j];
        if (task === "single-label") {
          total -= ((hard * (1 - smoothing) + smoothing / nLabels) * (logit - norm)) / batch;
        } else {
          const soft = hard * (1 - smoothing) + smoothing / 2;
          const p = 1 / (1 + Math.exp(-logit));
          total -= (soft * Math.log(p) + (1 - soft) * Math.log(1 - p)) / (batch * nLabels);
        }
      });
    }
    return total;
  }

  it.each([
    ["single-label", 0.2],
    ["single-label", 0],
    ["multi-label", 0.2],
    ["multi-label", 0],
  ] as const)("changes the loss of a %s task as defined: %f", async (task, smoothing) => {
    const config = tinyConfig({ net: { kind: "linear" }, inputShape: [8], task, labelSmoothing: smoothing });
    const weights = normals("weights", [3, 8]);
    const batch = drawBatch(config);
    const { losses } = await runSteps(buildTrainingStep(config), [batch], {
      learningRate: 0.1,
      initial: new Map([["output.weight", weights]]),
    });
    const expected = smoothedLoss(task, { ...batch, weights, smoothing });
    expect(Math.abs(losses[0] / expected - 1)).toBeLessThan(TOLERANCE);
  });
});

describe("buildTrainingStep", () => {
  it("counts the parameters, not the moving averages", () => {
    expect(buildTrainingStep(tinyConfig()).parameterCount).toBe(PARAMETERS);
  });

  it("draws initial values from the seed, each tensor from its own stream", () => {
    const step = buildTrainingStep(tinyConfig());
    const wider = buildTrainingStep(tinyConfig({ nLabels: 5 }));
    const state = initialState(step, new Random(1));
    expect(initialState(step, new Random(1))).toEqual(state);
    expect(initialState(step, new Random(2)).get("block1.conv.weight")).not.toEqual(
      state.get("block1.conv.weight"),
    );
    expect(initialState(wider, new Random(1)).get("block2.conv.weight")).toEqual(
      state.get("block2.conv.weight"),
    );
    expect([...state.get("block1.norm.scale")!.data]).toEqual([1, 1, 1, 1]);
    expect([...state.get("block1.norm.var")!.data]).toEqual([1, 1, 1, 1]);
    expect([...state.get("block1.norm.shift")!.data]).toEqual([0, 0, 0, 0]);
    expect([...state.get("step")!.data]).toEqual([0]);
  });

  it.each([
    [{ batchSize: 1 }, "batchSize must be an integer of at least 2, got 1"],
    [{ nLabels: 0 }, "nLabels must be an integer of at least 1, got 0"],
    [{ labelSmoothing: 1 }, "labelSmoothing must be a number of at least 0 and less than 1, got 1"],
    [{ emaDecay: 1 }, "emaDecay must be a number of at least 0 and less than 1, got 1"],
    [{ clipNorm: 0 }, "clipNorm must be a number greater than 0, got 0"],
  ])("rejects %j", (changes, message) => {
    expect(usageMessageOf(() => buildTrainingStep(tinyConfig(changes)))).toBe(message);
  });
});
