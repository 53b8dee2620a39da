import { describe, expect, it } from "vitest";
import { type NetSettings, netConfig } from "../../src/nn/architectures.js";
import { buildTrainingStep, type TrainingStepConfig } from "../../src/nn/training-step.js";
import fixture from "./fixtures/torch-watch.json" with { type: "json" };
import { runSteps } from "./run-steps.js";
import { decodeStored } from "./stored.js";
import { drawBatch, tinyConfig } from "./tiny-step.js";

// Float32 sums of a few thousand products at most, against float64; the update is a difference of nearly equal weights.
const TOLERANCE = 1e-5;

const NETS: Readonly<Record<string, NetSettings>> = {
  vgg: { kind: "vgg", channels: [4, 6], globalPool: "all", dropout: 0 },
  mlp: { kind: "mlp", units: [5, 5], activation: "tanh", batchNorm: null, dropout: 0 },
};

const sgd = { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 } as const;

function watchedConfig(net: string): TrainingStepConfig {
  return tinyConfig({ net: netConfig(NETS[net]), inputShape: [8, 8], optimizer: sgd, watch: true });
}

describe.each(fixture.runs)("the layer statistics of a $net, against PyTorch", (run) => {
  const step = buildTrainingStep(watchedConfig(run.net));
  const ran = runSteps(step, [{ inputs: decodeStored(run.inputs), targets: decodeStored(run.targets) }], {
    learningRate: run.learningRate,
    initial: new Map(Object.entries(run.initial).map(([name, value]) => [name, decodeStored(value)])),
  });

  it("include some inactive units, so that their fraction is tested", () => {
    expect(
      run.layers.some(
        ({ inactiveFraction }) => inactiveFraction !== null && inactiveFraction > 0 && inactiveFraction < 1,
      ),
    ).toBe(true);
  });

  it.each(run.layers)("are right for $layer", async (expected) => {
    const layers = (await ran).watches[0];
    const found = layers.find(({ layer }) => layer === expected.layer)!;
    expect(found.inactiveFraction).toEqual(
      expected.inactiveFraction === null ? null : expect.closeTo(expected.inactiveFraction, 6),
    );
    expect(found.activationCount).toBe(expected.activationCount);
    for (const name of [
      "mean",
      "std",
      "activationGradientNorm",
      "weightNorm",
      "weightGradientNorm",
      "updateRatio",
    ] as const)
      expect(Math.abs(found[name]! - expected[name]), name).toBeLessThan(
        TOLERANCE * Math.max(expected.std, expected[name]),
      );
  });
});

describe("a step with layer statistics", () => {
  it.each(Object.keys(NETS))("trains a %s to the same bits as one without", async (net) => {
    const config = { ...watchedConfig(net), optimizer: { ...sgd, momentum: 0.9 } };
    const batches = ["a", "b", "c"].map((name) => drawBatch(config, name));
    const watched = await runSteps(buildTrainingStep(config), batches, { learningRate: 0.1 });
    const plain = await runSteps(buildTrainingStep({ ...config, watch: false }), batches, {
      learningRate: 0.1,
    });
    expect(watched.losses).toEqual(plain.losses);
    expect(watched.state).toEqual(plain.state);
  });

  it("reports deviations and gradients whose squares are 0 in float32", async () => {
    const net = netConfig({
      kind: "mlp",
      units: Array(12).fill(8),
      activation: "tanh",
      init: "small",
      batchNorm: null,
      dropout: 0,
    });
    const config = { ...watchedConfig("mlp"), net };
    const step = buildTrainingStep(config);
    const { watches } = await runSteps(step, [drawBatch(config)], { learningRate: 0.1 });
    const [layers] = watches;
    expect(layers.at(-2)!.std).toBeGreaterThan(1e-30);
    expect(layers.at(-2)!.std).toBeLessThan(1e-15);
    expect(layers[0].activationGradientNorm).toBeGreaterThan(1e-30);
    expect(layers[0].activationGradientNorm).toBeLessThan(1e-15);
  });
});
