import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import { splitClips } from "../../src/dataset/splits.js";
import { linearModel } from "../../src/tagging/linear-model.js";
import { trainLinearBaseline } from "../../src/training/linear-baseline.js";
import { ENGINE } from "../engine.js";
import { makeTinyStore, SOUNDS } from "../training/tiny-store.js";
import { DAMAGED, damaged, edited, type ModelProto, withMetadata } from "./edit-model.js";
import { tinyModel } from "./tiny-model.js";

const info = { task: "single-label" as const, labels: [...SOUNDS] };
const store = await makeTinyStore();
const bytes = (await trainLinearBaseline(featureSets(store, splitClips(store.clips)), {
  task: info.task,
  seed: 1,
  engine: ENGINE,
}))!;

/** The file as earlier versions wrote it: without metadata. */
const legacy = withMetadata(bytes, {});
const OTHER = "is the linear baseline of a model with another task or other labels";
const SHAPES = "tensor output.weight is [3, 44], not [2, 44]";

describe("linearModel", () => {
  it("returns the file of a baseline unchanged", () => {
    expect(linearModel(bytes, "m.linear.onnx", info)).toEqual(bytes);
  });
  it("builds a new graph, whatever the file's graph computes", () => {
    const other = edited(bytes, ({ graph }) => {
      graph!.node!.find(({ opType }) => opType === "Sub")!.opType = "Add";
    });
    expect(linearModel(other, "m.linear.onnx", info)).toEqual(bytes);
  });
  it("reads the file of an earlier version, which has no checksum", () => {
    expect(linearModel(legacy, "m.linear.onnx", info)).toEqual(bytes);
  });
  it("rejects the baseline of a model with another task", () => {
    const multi = { ...info, task: "multi-label" as const };
    expect(() => linearModel(bytes, "m.linear.onnx", multi)).toThrow(new DataError("m.linear.onnx", OTHER));
  });
  it.each([
    ["a weight", ({ graph }: ModelProto) => graph!.initializer!.at(-1)!.rawData!.fill(1, 0, 1)],
    ["the checksum", (model: ModelProto) => void (model.metadataProps![1].value = "0".repeat(64))],
    ["the checksum's name", (model: ModelProto) => void (model.metadataProps![1].key = "")],
    ["the record's name", (model: ModelProto) => void (model.metadataProps![0].key = "")],
  ])("names a file in which %s is damaged", (_name, damage) => {
    expect(() => linearModel(damaged(bytes, damage), "m.linear.onnx", info)).toThrow(
      new DataError("m.linear.onnx", DAMAGED),
    );
  });
  it.each([
    ["the baseline of a model with other labels", bytes, ["hiss", "hum", "whistle"], OTHER],
    ["one of an earlier version with more labels", legacy, ["hiss", "hum"], SHAPES],
    ["another net", tinyModel(), SOUNDS, "tensor normalization.mean is [16], not [44]"],
  ])("rejects %s", (_name, file, labels, reason) => {
    expect(() => linearModel(file, "m.linear.onnx", { ...info, labels: [...labels] })).toThrow(
      new DataError("m.linear.onnx", reason),
    );
  });
  it("rejects bytes that are not an ONNX model", () => {
    expect(() => linearModel(Uint8Array.of(1, 2), "m.linear.onnx", info)).toThrow(
      /^m\.linear\.onnx: is not an ONNX model/,
    );
  });
});
