import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { LayerHealth } from "../../src/nn/watch.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/training/checkpoint.js";
import { readCheckpoint } from "../../src/training/run-folder.js";
import { encodeSafetensors } from "../../src/training/safetensors.js";
import { makeFolder } from "../store/files.js";

it("a checkpoint is read as it was written, including infinite norms and missing numbers", () => {
  const exploded: LayerHealth = {
    layer: "hidden1",
    activation: "relu",
    mean: Number.POSITIVE_INFINITY,
    std: Number.POSITIVE_INFINITY,
    inactiveFraction: 0.25,
    activationGradientNorm: Number.POSITIVE_INFINITY,
    activationCount: 4,
    weightNorm: Number.POSITIVE_INFINITY,
    weightGradientNorm: Number.POSITIVE_INFINITY,
    updateRatio: 0.5,
  };
  const numbers = { mean: 0, std: 1, activationGradientNorm: 2, weightNorm: 0, weightGradientNorm: 3 };
  const output: LayerHealth = {
    ...exploded,
    ...numbers,
    layer: "output",
    activation: null,
    inactiveFraction: null,
    updateRatio: null,
  };
  const tensor = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
  const epoch = { learningRate: 0.1, trainLoss: 2, score: 0.5, valid: { loss: 3 } };
  const checkpoint = {
    state: {
      history: [
        { epoch: 1, ...epoch, layers: [exploded, output] },
        { epoch: 2, ...epoch },
      ],
      tensors: new Map([
        ["weight", tensor(1, 2)],
        ["velocity/weight", tensor(3, 4)],
      ]),
      best: { epoch: 1, weights: new Map([["weight", tensor(5, 6)]]) },
    },
    config: { seed: 1 },
    splitHash: "1".repeat(64),
    frontEndHash: "2".repeat(64),
  };
  const path = join(makeFolder(), "checkpoint.safetensors");
  writeFileSync(path, encodeCheckpoint(checkpoint));
  expect(readCheckpoint(path)).toEqual(checkpoint);
});

it("a checkpoint of format 2 is read under today's names of its members", () => {
  const layers = [
    {
      layer: "output",
      activation: null,
      mean: 0,
      std: 1,
      idleShare: 0.25,
      activationGradientNorm: 1,
      activationCount: 4,
      weightNorm: null,
      weightGradientNorm: 1,
      updateRatio: null,
    },
  ];
  const record = {
    format: 2,
    history: [{ epoch: 1, learningRate: 0.1, trainLoss: 2, score: 0.5, valid: { loss: 3 }, layers }],
    bestEpoch: 1,
    config: { averageDecay: 0.9, validShare: 0.1, testShare: 0.2, seed: 4 },
    splitHash: "s",
    frontEndHash: "f",
  };
  const tensors = new Map([["weight", { shape: [1], data: Float32Array.of(1) }]]);
  const bytes = encodeSafetensors(tensors, { timbrel: JSON.stringify(record) });
  const { config, state } = decodeCheckpoint(bytes, "c.safetensors");
  expect(config).toEqual({ emaDecay: 0.9, validFraction: 0.1, testFraction: 0.2, seed: 4 });
  expect(state.history[0].layers![0]).toMatchObject({
    inactiveFraction: 0.25,
    weightNorm: Number.POSITIVE_INFINITY,
  });
});
