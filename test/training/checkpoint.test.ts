import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { contentChecksum } from "../../src/core/checksum.js";
import { DataError } from "../../src/core/errors.js";
import type { LayerHealth } from "../../src/nn/watch.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/training/checkpoint.js";
import { readCheckpoint } from "../../src/training/run-folder.js";
import { encodeSafetensors } from "../../src/training/safetensors.js";
import { makeFolder } from "../store/files.js";
import { messageOf } from "../store/message-of.js";

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
        { epoch: 2, ...epoch, cleanTrainLoss: 0.4, cleanTrainScore: 0.75 },
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

describe("the file of a checkpoint", () => {
  const epochs = (...numbers: number[]) =>
    numbers.map((epoch) => ({ epoch, learningRate: 0.1, trainLoss: 2, score: 0.5, valid: { loss: 3 } }));
  const record = {
    format: 5,
    history: epochs(1, 2),
    bestEpoch: 2,
    config: { seed: 1 },
    splitHash: "s",
    frontEndHash: "f",
  };
  const weights = (value = 1) => new Map([["weight", { shape: [1], data: Float32Array.of(value) }]]);

  /** A file with this record, and with the checksum of its content or another. */
  function fileOf(changes: object, tensors = weights(), checksum?: string | null): Uint8Array {
    const text = JSON.stringify({ ...record, ...changes });
    const sum = checksum === undefined ? contentChecksum(text, tensors) : checksum;
    return encodeSafetensors(tensors, {
      timbrel: text,
      ...(sum === null ? {} : { "timbrel.checksum": sum }),
    });
  }
  const read = (bytes: Uint8Array) => decodeCheckpoint(bytes, "c.safetensors");

  it("is read if nothing is wrong with it", () => {
    const { state, config } = read(fileOf({}));
    expect([state.history, state.best.epoch, config]).toEqual([epochs(1, 2), 2, { seed: 1 }]);
  });
  it("has no checksum in format 3, which is read", () => {
    expect(read(fileOf({ format: 3 }, weights(), null)).state.tensors).toEqual(weights());
  });
  it("has a checksum in format 4, which is read, without clean losses", () => {
    expect(read(fileOf({ format: 4 })).state.history).toEqual(epochs(1, 2));
    expect(messageOf(() => read(fileOf({ format: 4 }, weights(), null)))).toBe(`c.safetensors: ${damaged}`);
  });
  const damaged = "is damaged: its content does not match its checksum; copy it again, or make it again";
  it.each<[string, Uint8Array, string | RegExp]>([
    ["a damaged number", fileOf({}, weights(2), contentChecksum(JSON.stringify(record), weights())), damaged],
    [
      "a damaged record",
      fileOf({ splitHash: "t" }, weights(), contentChecksum(JSON.stringify(record), weights())),
      damaged,
    ],
    ["no checksum", fileOf({}, weights(), null), damaged],
    [
      "weights that are not finite",
      fileOf({}, weights(Number.NaN)),
      'tensor "weight" holds NaN, which is not a finite number',
    ],
    ["a best epoch beyond the last", fileOf({ bestEpoch: 3 }), "names epoch 3 as the best of 2"],
    ["a best epoch before the first", fileOf({ bestEpoch: 0 }), "names epoch 0 as the best of 2"],
    ["a best epoch without epochs", fileOf({ history: [] }), "names epoch 2 as the best of 0"],
    ["half a best epoch", fileOf({ bestEpoch: 1.5 }), /^is not a timbrel checkpoint \(bestEpoch: [^✖→]*\)$/],
    ["epochs out of order", fileOf({ history: epochs(2, 1) }), "has epoch 2 in the place of epoch 1"],
    ["an epoch twice", fileOf({ history: epochs(1, 1) }), "has epoch 1 in the place of epoch 2"],
    ["an epoch that is missing", fileOf({ history: epochs(2) }), "has epoch 2 in the place of epoch 1"],
    ["a score that is missing", fileOf({ history: [{ epoch: 1 }] }), /^is not a timbrel checkpoint \(.*\)$/],
    [
      "a million wrong epochs",
      fileOf({ history: Array(1e6).fill(0) }),
      /^is not a timbrel checkpoint \(.*\)$/,
    ],
    [
      "settings of no run",
      fileOf({ config: { batchSize: 0 } }),
      "holds settings of no run: batchSize must be an integer of at least 2, got 0",
    ],
    [
      "settings that are unknown",
      fileOf({ config: { seeds: 1 } }),
      /^holds settings of no run: config must have no settings but .* got seeds; did you mean seed\?$/,
    ],
    [
      "a member twice",
      encodeSafetensors(weights(), { timbrel: JSON.stringify(record).replace("{", '{"format":4,') }),
      "is not a timbrel checkpoint (two members have one name)",
    ],
  ])("is rejected with %s", (_name, bytes, reason) => {
    const message = messageOf(() => read(bytes));
    expect(() => read(bytes)).toThrow(DataError);
    const [, found] = /^c\.safetensors: (.*)$/.exec(message)!;
    if (typeof reason === "string") expect(found).toBe(reason);
    else expect(found).toMatch(reason);
  });
});
