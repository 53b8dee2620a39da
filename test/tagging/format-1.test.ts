import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { sizeOf, type Tensor } from "../../src/core/tensor.js";
import { currentNames, upgradeRecord, upgradeTensors } from "../../src/tagging/format-1.js";
import { linearModel } from "../../src/tagging/linear-model.js";
import { decodeModel, encodeModel } from "../../src/tagging/model-file.js";
import { trainConfig } from "../../src/training/config.js";
import { ENGINE } from "../engine.js";

// Written by earlier versions, trained on 8 low and 8 high tones of 0.5 s; front end: --sample-rate 8000 --n-fft 256
// --hop-length 128 --n-mels 16; train: --epochs 2 --threads 1 and
//   format-1-oldest(.linear).onnx  commit 9e10aad  --channels 2,3 --segment-frames 8 --learning-rate 0.01
//   format-1-whitened.onnx         commit d9fc0a7  --net mlp --channels 2,3 --segment-frames 4 --normalize whiten
//                                                  --keep-variance 0.99 --optimizer adam
const read = (name: string) => readFileSync(new URL(`fixtures/${name}.onnx`, import.meta.url));
const OLDEST = read("format-1-oldest");
const WHITENED = read("format-1-whitened");
const LINEAR = read("format-1-oldest.linear");

/** Answers of a model to three random inputs; the file's own graph is run. */
async function answers(model: Uint8Array, inputShape: readonly number[]): Promise<Tensor> {
  const random = new Random("inputs");
  const shape = [3, ...inputShape];
  const data = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(0, 2));
  const session = await ENGINE.open(model);
  const { probabilities } = await session.run({ inputs: { shape, data } });
  await session.close();
  return probabilities;
}

describe("a model file of format 1", () => {
  it.each([
    ["the oldest", OLDEST, [8, 16]],
    ["one with a whitening", WHITENED, [4, 16]],
  ])("gives the same answers to the bit: %s", async (_name, bytes, inputShape) => {
    const upgraded = encodeModel(decodeModel(bytes, "m.onnx"));
    expect(await answers(upgraded, inputShape)).toEqual(await answers(bytes, inputShape));
    expect(decodeModel(upgraded, "m.onnx")).toEqual(decodeModel(bytes, "m.onnx"));
  });

  it("gives the same answers to the bit: the linear baseline", async () => {
    const info = { task: "single-label", labels: ["high", "low"] } as const;
    const upgraded = linearModel(LINEAR, "m.linear.onnx", { ...info, labels: [...info.labels] });
    expect(await answers(upgraded, [44])).toEqual(await answers(LINEAR, [44]));
  });

  it("gets all of today's settings if it is of the oldest kind", () => {
    const { info, net } = decodeModel(OLDEST, "m.onnx");
    expect(net).toEqual({
      kind: "vgg",
      activation: "relu",
      init: "he-normal",
      batchNorm: { epsilon: 1e-5, momentum: 0.1 },
      channels: [2, 3],
      pools: [
        [2, 2],
        [2, 2],
      ],
      globalPool: "frames",
      dropout: 0.2,
    });
    expect(info.split).toMatchObject({ seed: 1, validFraction: 0.15, testFraction: 0.15 });
    expect(trainConfig(info.config)).toEqual({
      task: "auto",
      net,
      segmentFrames: 8,
      batchSize: 32,
      epochs: 2,
      optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.02 },
      learningRate: 0.01,
      schedule: { kind: "cosine", warmUp: 0.05 },
      clipNorm: 0,
      patience: 0,
      labelSmoothing: 0.1,
      emaDecay: 0.995,
      augment: 1,
      augmentation: {},
      normalize: { kind: "standardize", over: "band" },
      balance: true,
      watch: false,
      seed: 1,
      validFraction: 0.15,
      testFraction: 0.15,
    });
  });

  it("keeps settings that already had kinds: its adam stays adam", () => {
    const { info, normalization } = decodeModel(WHITENED, "m.onnx");
    expect(normalization.kind).toBe("whiten");
    expect(trainConfig(info.config)).toMatchObject({
      optimizer: { kind: "adam", weightDecay: 0 },
      normalize: { kind: "whiten", zca: false, keepVariance: 0.99 },
      emaDecay: 0.995,
      validFraction: 0.15,
    });
  });
});

describe("currentNames", () => {
  it("renames the old names and leaves all others, such as today's", () => {
    expect(
      currentNames({ averageDecay: 1, validShare: 2, testShare: 3, idleShare: null, layer: "a" }),
    ).toEqual({
      emaDecay: 1,
      validFraction: 2,
      testFraction: 3,
      inactiveFraction: null,
      layer: "a",
    });
    expect(currentNames({ emaDecay: 1, constructor: 2 })).toEqual({ emaDecay: 1, constructor: 2 });
  });
});

describe("upgradeRecord", () => {
  const config = { net: { kind: "mlp", units: [2] }, optimizer: { kind: "sgd", momentum: 0 } };
  const upgraded = (settings: object) =>
    upgradeRecord({ format: 1, epoch: 3, split: {}, config: { ...config, ...settings } });

  it("leaves sgd and unknown members unchanged", () => {
    expect(upgraded({ standardize: "global", note: "mine" })).toMatchObject({
      format: 2,
      epoch: 3,
      normalization: "standardize",
      config: {
        note: "mine",
        optimizer: { kind: "sgd", momentum: 0 },
        normalize: { kind: "standardize", over: "global" },
      },
    });
    expect(upgraded({ standardize: "global" })).not.toHaveProperty("config.standardize");
  });
});

describe("upgradeTensors", () => {
  const tensor = (...data: number[]): Tensor => ({ data: Float32Array.from(data), shape: [data.length] });
  const [mean, std] = [tensor(1, 2), tensor(3, 4)];

  it("names mean and deviation, which are stored once if they are equal", () => {
    const apart = upgradeTensors(
      new Map([
        ["const_0", mean],
        ["const_2", std],
      ]),
      "standardize",
    );
    expect([apart.get("normalization.mean"), apart.get("normalization.std")]).toEqual([mean, std]);
    const same = upgradeTensors(new Map([["const_0", mean]]), "standardize");
    expect([same.get("normalization.mean"), same.get("normalization.std")]).toEqual([mean, mean]);
  });
  it("takes no constant if the normalization is none", () => {
    expect([...upgradeTensors(new Map([["const_0", mean]]), "none").keys()]).toEqual(["const_0"]);
  });
});
