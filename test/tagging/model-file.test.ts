import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError, UsageError } from "../../src/core/errors.js";
import { frontEnd, frontEndHash } from "../../src/features/front-end.js";
import { isConstantName } from "../../src/graph/graph.js";
import { decodeWeights } from "../../src/graph/index.js";
import { type NetSettings, netConfig } from "../../src/nn/architectures.js";
import { addClips, wasTrainedOn } from "../../src/tagging/model-clips.js";
import { decodeModel, encodeModel, modelIdentity, readModelInfo } from "../../src/tagging/model-file.js";
import { SHIPPED_MODEL } from "../../src/tagging/shipped-model.js";
import { trainConfig } from "../../src/training/config.js";
import { encodeSafetensors } from "../../src/training/safetensors.js";
import { TINY_FRONT_END } from "../training/tiny-store.js";
import {
  DAMAGED,
  damaged,
  edited,
  type ModelProto,
  recordOf,
  storedTensor,
  withMetadata,
  withRecord,
} from "./edit-model.js";
import { randomWhitening, tinyInfo, tinyModel, tinyTrained, weightedModel } from "./tiny-model.js";

const damagedRecord = (reason: string) => new DataError("m.onnx", `holds damaged model metadata: ${reason}`);

const SHIPPED = new URL("../../models/instruments.onnx", import.meta.url);

/** The message of the DataError that reading a file throws. */
function messageOf(bytes: Uint8Array): string {
  try {
    decodeModel(bytes, "m.onnx");
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).not.toContain("\n");
    return (error as Error).message;
  }
  throw new Error("the file was read");
}

describe("the metadata of a model file", () => {
  it.each([
    ["log10", TINY_FRONT_END],
    [
      "powerToDb",
      frontEnd({ ...TINY_FRONT_END, compression: { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 80 } }),
    ],
  ])("are read back as they were stored, with compression %s", (_name, made) => {
    const info = readModelInfo(tinyModel({ made }), "m.onnx");
    expect(info).toEqual(tinyInfo({ frontEnd: made }));
    expect(frontEndHash(info.frontEnd)).toBe(frontEndHash(made));
    expect(Object.isFrozen(info.frontEnd)).toBe(true);
  });

  it("are not read from bytes that are not an ONNX model", () => {
    expect(() => readModelInfo(new Uint8Array(0), "m.onnx")).toThrow(new DataError("m.onnx", "is empty"));
    expect(() => readModelInfo(new TextEncoder().encode("RIFF....WAVEfmt "), "m.onnx")).toThrow(
      /^m\.onnx: is not an ONNX model/,
    );
    const bytes = tinyModel();
    expect(() => readModelInfo(bytes.subarray(0, bytes.length - 3), "m.onnx")).toThrow(
      new DataError("m.onnx", "is not an ONNX model (it is cut short or damaged)"),
    );
  });

  it("are not read from a checkpoint or a linear baseline, which are named", () => {
    const weights = new Map([["w", { shape: [1], data: Float32Array.of(1) }]]);
    expect(() => readModelInfo(encodeSafetensors(weights, {}), "checkpoint.safetensors")).toThrow(
      new DataError(
        "checkpoint.safetensors",
        "is a safetensors file, such as a checkpoint, not a model; use the model.onnx of the run",
      ),
    );
    const path = "models/instruments.linear.onnx";
    expect(() => readModelInfo(readFileSync(path), path)).toThrow(
      new DataError(
        path,
        "is a linear baseline, which reads descriptors, not a net; use the model.onnx of the run",
      ),
    );
  });

  it("are missing from an ONNX model of another program", () => {
    expect(() => readModelInfo(withMetadata(tinyModel(), { author: "someone" }), "m.onnx")).toThrow(
      new DataError(
        "m.onnx",
        "is an ONNX model but not a timbrel model: its metadata has no labels and no front end",
      ),
    );
  });

  it("must have a front end that matches its hash", () => {
    const bytes = withRecord(tinyModel(), { frontEnd: { ...TINY_FRONT_END, fMin: 30 } });
    expect(() => readModelInfo(bytes, "m.onnx")).toThrow(
      damagedRecord("the front end does not match its hash"),
    );
  });

  it("must not be of a later version", () => {
    expect(() => readModelInfo(withRecord(tinyModel(), { format: 6 }), "m.onnx")).toThrow(
      damagedRecord("format is 6, this version of timbrel reads at most 5; update timbrel"),
    );
  });

  const { net } = tinyTrained();
  it.each([
    [{ format: 0 }, /format/],
    [{ format: "2" }, /format/],
    [{ labels: [] }, /labels/],
    [{ labels: "piano" }, /labels/],
    [{ labels: ["a", "b", 3] }, /must be 1 to 65536 texts of 1 to 10000 characters/],
    [{ labels: ["a", "b", "c".repeat(10_001)] }, /must be 1 to 65536 texts/],
    [
      { labels: Array.from({ length: 65_537 }, (_, i) => String(i).padStart(5, "0")) },
      /must be 1 to 65536 texts/,
    ],
    [{ labels: ["hum", "hiss", "tone"] }, /must be sorted, each label once/],
    [{ epoch: 1.5 }, /epoch/],
    [{ epoch: -1 }, /epoch/],
    [{ valid: { loss: null } }, /must be scores/],
    [{ trainClips: "0123" }, /must be prefixes of hashes/],
    [{ trainClips: "not hashes" }, /must be prefixes of hashes/],
    [{ split: { ...tinyInfo().split, seed: 0.5 } }, /split\.seed/],
    [{ split: { ...tinyInfo().split, testFraction: 1 } }, /split\.testFraction/],
    [{ split: { ...tinyInfo().split, validFraction: -0.1 } }, /split\.validFraction/],
    [{ split: { ...tinyInfo().split, trainCounts: { hiss: -1 } } }, /must be counts of clips/],
    [{ split: { ...tinyInfo().split, trainCounts: [5] } }, /must be counts of clips/],
    [{ segmentFrames: 0 }, /segmentFrames/],
    [{ segmentFrames: 3 }, /segmentFrames is 3, this vgg needs at least 4/],
    [{ frontEnd: { ...TINY_FRONT_END, compression: { kind: "mu-law" } } }, /compression/],
    [{ frontEnd: { ...TINY_FRONT_END, nMels: -1 } }, /nMels must be an integer from 1 to 4096/],
    [{ frontEnd: { ...TINY_FRONT_END, extra: 1 } }, /got extra/],
    [{ normalization: "batch" }, /normalization/],
    [{ net: undefined }, /net/],
    [{ net: { ...net, kind: "linear" } }, /kind must be one of .*, got linear/],
    [
      { net: { ...net, channels: [4, 0] } },
      /net\.channels must be a list of integers from 1 to 4096, got \[4,0\]/,
    ],
    [{ net: { ...net, code: "rm" } }, /net must have no settings but .*, got code/],
  ])("are rejected if damaged, with one line that names the member: %j", (changes, member) => {
    const message = messageOf(withRecord(tinyModel(), changes));
    expect(message).toMatch(/^m\.onnx: holds damaged model metadata: /);
    expect(message).toMatch(member);
  });

  it("are told in plain words if damaged", () => {
    const rule = "labels must be 1 to 65536 texts of 1 to 10000 characters";
    expect(messageOf(withRecord(tinyModel(), { labels: [] }))).toBe(damagedRecord(rule).message);
    expect(messageOf(withRecord(tinyModel(), { epoch: -1 }))).toMatch(/: epoch: [^✖→]+$/);
  });

  it("are checked when a model is encoded as when it is decoded", () => {
    const model = tinyTrained();
    const labels = ["hiss", "hum", "x".repeat(10_001)];
    expect(() => encodeModel({ ...model, info: tinyInfo({ labels }) })).toThrow(
      new UsageError({
        setting: "model",
        rule: "be one that its file can hold",
        got: "facts that it cannot hold: labels must be 1 to 65536 texts of 1 to 10000 characters",
      }),
    );
    labels[2] = "x".repeat(10_000);
    const info = tinyInfo({ labels });
    expect(decodeModel(encodeModel({ ...model, info }), "m.onnx").info).toEqual(info);
  });

  it("must be JSON", () => {
    expect(() => readModelInfo(withMetadata(tinyModel(), { timbrel: "{" }), "m.onnx")).toThrow(
      /^m\.onnx: holds damaged model metadata: .*JSON/,
    );
  });

  it("name the clips that the model was trained on", () => {
    const hashes = ["a", "b", "c"].map((digit) => digit.repeat(64));
    const trainClips = addClips("", [hashes[1], hashes[0], hashes[1]]);
    expect(trainClips).toBe(`${"a".repeat(10)}${"b".repeat(10)}`);
    const info = readModelInfo(withRecord(tinyModel(), { trainClips }), "m.onnx");
    expect(hashes.map(wasTrainedOn(info))).toEqual([true, true, false]);
  });
});

describe("the checksum of a model file", () => {
  const flip = (data: Uint8Array) => {
    data[1] ^= 1;
  };
  const metadata = (model: ModelProto, key: string) => model.metadataProps!.find((each) => each.key === key)!;
  it.each([
    [
      "a weight",
      ({ graph }: ModelProto) =>
        flip(graph!.initializer!.find(({ name }) => name === "output.bias")!.rawData!),
    ],
    [
      "a statistic",
      ({ graph }: ModelProto) =>
        flip(graph!.initializer!.find(({ name }) => name === "normalization.mean")!.rawData!),
    ],
    [
      "a label",
      (model: ModelProto) =>
        void (metadata(model, "timbrel").value = metadata(model, "timbrel").value!.replace('"hum"', '"hun"')),
    ],
    [
      "a setting that is not used to predict",
      (model: ModelProto) =>
        void (metadata(model, "timbrel").value = metadata(model, "timbrel").value!.replace(
          '"augment":1',
          '"augment":2',
        )),
    ],
    [
      "a member that nothing reads",
      (model: ModelProto) =>
        void (metadata(model, "timbrel").value = metadata(model, "timbrel").value!.replace(
          "{",
          '{"more":1,',
        )),
    ],
    [
      "the format",
      (model: ModelProto) =>
        void (metadata(model, "timbrel").value = metadata(model, "timbrel").value!.replace(
          '"format":3',
          '"format":2',
        )),
    ],
    [
      "the checksum",
      (model: ModelProto) => void (metadata(model, "timbrel.checksum").value = "0".repeat(64)),
    ],
    [
      "the checksum's name",
      (model: ModelProto) => void (metadata(model, "timbrel.checksum").key = "timbrel.chfcksum"),
    ],
  ])("shows damage to %s", (_name, damage) => {
    expect(messageOf(damaged(tinyModel(), damage))).toBe(`m.onnx: ${DAMAGED}`);
    expect(() => readModelInfo(damaged(tinyModel(), damage), "m.onnx")).toThrow(DataError);
  });
  it("covers neither nodes nor the graph's constants, which are not read", () => {
    const other = damaged(tinyModel(), ({ graph }) => {
      graph!.node = graph!.node!.slice(0, 1);
      graph!.initializer = graph!.initializer!.filter(({ name }) => !isConstantName(name!));
    });
    expect(decodeModel(other, "m.onnx")).toEqual(tinyTrained());
  });
  it("is missing from files of format 2, which are read", () => {
    const record = { ...recordOf(tinyModel()), format: 2 };
    const older = withMetadata(tinyModel(), { timbrel: JSON.stringify(record) });
    expect(decodeModel(older, "m.onnx")).toEqual(tinyTrained());
  });
  it("is not part of a model's identity, which checkpoints of format 3 name", () => {
    // As it was computed when files had no checksum.
    const identity = "50a79267caca45f4b8c8768a17f2e39f64638b06f78cce7f718bed1fcce94179";
    expect(modelIdentity(tinyTrained())).toBe(identity);
    expect(modelIdentity(weightedModel(1))).toBe(identity);
  });
});

const NETS: readonly NetSettings[] = [
  { kind: "vgg", channels: [4, 6] },
  { kind: "vgg", channels: [4], pools: [[3, 2]], globalPool: "all", activation: "gelu" },
  { kind: "gct634-1d", channels: [4, 6], kernelSizes: [4, 2], pools: [2, 3] },
  { kind: "short-chunk", channels: [4, 6], dropout: 0 },
  { kind: "ds-cnn", channels: [4, 6], dropout: 0 },
  { kind: "mlp", units: [5, 4], init: "orthogonal" },
];
const BATCH_NORMS = [{ epsilon: 1e-3, momentum: 0.2 }, null];

describe("a model that is stored and read back", () => {
  it.each(NETS.flatMap((settings) => BATCH_NORMS.map((batchNorm) => ({ ...settings, batchNorm }))))(
    "is the same: $kind, batch norm $batchNorm",
    (settings) => {
      const net = netConfig(settings as NetSettings);
      for (const normalization of [{ kind: "none" } as const, undefined, randomWhitening(9)])
        for (const task of ["single-label", "multi-label"] as const) {
          const model = tinyTrained({ net, task, normalization });
          const bytes = encodeModel(model);
          const read = decodeModel(bytes, "m.onnx");
          expect(read).toEqual(model);
          expect(encodeModel(model)).toEqual(bytes);
          expect(encodeModel(read)).toEqual(bytes);
        }
    },
  );

  it("may have segments and frames as short as its net allows", () => {
    // Two blocks, each of which halves time and bands.
    const narrow = tinyTrained({ normalization: randomWhitening(4) });
    const model = { ...narrow, info: { ...narrow.info, segmentFrames: 4 } };
    expect(decodeModel(encodeModel(model), "m.onnx")).toEqual(model);
  });

  it("has its own tensors, not views of the file", () => {
    const model = tinyTrained();
    const bytes = encodeModel(model);
    const read = decodeModel(bytes, "m.onnx");
    bytes.fill(0);
    expect(read).toEqual(model);
  });
});

describe("the tensors of a model file", () => {
  /** The tiny model with one of its tensors dropped or replaced by others. */
  const replaced = (name: string, ...tensors: ReturnType<typeof storedTensor>[]) =>
    edited(tinyModel(), ({ graph }) => {
      graph!.initializer = [...graph!.initializer!.filter((each) => each.name !== name), ...tensors];
    });
  const stored = (name: string, shape: number[], value = 1) =>
    storedTensor(name, shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value));

  it.each([
    ["block2.norm.var", [], "lacks tensor block2.norm.var [6]"],
    ["normalization.std", [], "lacks tensor normalization.std [16]"],
    ["output.weight", [stored("output.weight", [24, 3])], "tensor output.weight is [24, 3], not [3, 24]"],
    ["normalization.mean", [stored("normalization.mean", [1])], "tensor normalization.mean is [1], not [16]"],
    [
      "output.bias",
      [stored("output.bias", [3], Number.NaN)],
      "tensor output.bias holds NaN, which is not a finite number",
    ],
    [
      "normalization.std",
      [stored("normalization.std", [16], Number.POSITIVE_INFINITY)],
      "tensor normalization.std holds Infinity, which is not a finite number",
    ],
    [
      "normalization.std",
      [stored("normalization.std", [16], 0)],
      "tensor normalization.std holds 0, which is not greater than 0",
    ],
    [
      "normalization.std",
      [stored("normalization.std", [16], -1)],
      "tensor normalization.std holds -1, which is not greater than 0",
    ],
    [
      "block1.norm.var",
      [stored("block1.norm.var", [4], -0.5)],
      "tensor block1.norm.var holds the negative variance -0.5",
    ],
    [
      "",
      [stored("block3.conv.weight", [1, 2])],
      'holds tensor "block3.conv.weight" [1, 2], which belongs to neither its net nor its normalization',
    ],
    [
      "",
      [stored("normalization.projection\n", [2])],
      'holds tensor "normalization.projection\\n" [2], which belongs to neither its net nor its normalization',
    ],
  ])("must be the ones that its settings ask for: case %#", (name, tensors, reason) => {
    expect(messageOf(replaced(name, ...tensors))).toBe(`m.onnx: ${reason}`);
  });

  it.each([
    [
      "more labels",
      { labels: ["hiss", "hum", "tone", "whistle"] },
      "tensor output.weight is [3, 24], not [4, 24]",
    ],
    ["fewer labels", { labels: ["hiss", "hum"] }, "tensor output.weight is [3, 24], not [2, 24]"],
    [
      "a wider net",
      { net: { ...tinyTrained().net, channels: [4, 7] } },
      "tensor block2.conv.weight is [6, 4, 3, 3], not [7, 4, 3, 3]",
    ],
    [
      "no normalization",
      { normalization: "none" },
      'holds tensor "normalization.mean" [16], which belongs to neither its net nor its normalization',
    ],
    ["another normalization", { normalization: "whiten" }, "lacks tensor normalization.projection [16, 16]"],
  ])("must not contradict its settings: %s", (_name, changes, reason) => {
    expect(messageOf(withRecord(tinyModel(), changes))).toBe(`m.onnx: ${reason}`);
  });

  it.each([
    [[16, 17], "tensor normalization.projection is [16, 17], not [16, 16]"],
    [[16, 0], "tensor normalization.projection is [16, 0], not [16, 16]"],
    [[15, 9], "tensor normalization.projection is [15, 9], not [16, 9]"],
    [[16], "tensor normalization.projection is [16], not [16, 16]"],
    [[16, 3], "gives its vgg 3 values per frame, fewer than the 4 it needs"],
  ])(
    "must hold a projection that gives no more values than a frame has, and enough for the net: %j",
    (shape, reason) => {
      const bytes = edited(tinyModel({ normalization: randomWhitening(9) }), ({ graph }) => {
        graph!.initializer = graph!.initializer!.map((each) =>
          each.name === "normalization.projection" ? stored("normalization.projection", shape) : each,
        );
      });
      expect(messageOf(bytes)).toBe(`m.onnx: ${reason}`);
    },
  );

  it("give a model or a one-line DataError, whichever bytes are damaged", () => {
    const bytes = tinyModel({ net: netConfig({ kind: "mlp", units: [2] }) });
    const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, (changes) => {
        const file = Uint8Array.from(bytes);
        for (const [at, value] of changes) file[at] = value;
        try {
          encodeModel(decodeModel(file, "m.onnx"));
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
          expect((error as Error).message).toMatch(/^m\.onnx: .+$/);
        }
      }),
      { numRuns: 200 },
    );
  });
  it("give a model or a one-line DataError, whatever the record holds", () => {
    const bytes = tinyModel();
    const record = recordOf(bytes);
    const members = fc.constantFrom(...Object.keys(record));
    const netMembers = fc.constantFrom(...Object.keys(tinyTrained().net));
    const inNet = fc
      .record({ name: netMembers, value: fc.jsonValue({ maxDepth: 2 }) })
      .map(({ name, value }) => ({
        net: { ...tinyTrained().net, [name]: value },
      }));
    const atTop = fc
      .record({ name: members, value: fc.jsonValue({ maxDepth: 2 }) })
      .map(({ name, value }) => ({ [name]: value }));
    fc.assert(
      fc.property(fc.oneof(inNet, atTop, fc.constant({ format: 1 })), (changes) => {
        try {
          encodeModel(decodeModel(withRecord(bytes, changes), "m.onnx"));
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
          expect((error as Error).message).toMatch(/^m\.onnx: .+$/);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("the shipped model", () => {
  const path = SHIPPED_MODEL.pathname;
  const bytes = readFileSync(SHIPPED);
  const model = decodeModel(bytes, path);

  it("has a format with a checksum and a name for every tensor", () => {
    expect(recordOf(bytes)["format"]).toBe(5);
    expect([...decodeWeights(bytes, path).keys()]).toEqual(
      expect.arrayContaining(["normalization.mean", "normalization.std", ...model.weights.keys()]),
    );
    expect(Buffer.compare(encodeModel(model), bytes)).toBe(0);
  });

  it("has the settings to train it again", () => {
    const config = trainConfig(model.info.config);
    expect(config).toMatchObject({
      optimizer: { kind: "adamw", weightDecay: 0.02 },
      normalize: { kind: "standardize", over: "band", level: "segment" },
      emaDecay: 0.995,
      learningRate: 0.006,
      seed: 1,
      validFraction: 0.15,
      testFraction: 0.15,
    });
    expect(config.net).toEqual(model.net);
    expect(config.segmentFrames).toBe(model.info.segmentFrames);
  });
});
