import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import { splitClips } from "../../src/dataset/splits.js";
import { linearModel } from "../../src/tagging/linear-model.js";
import { trainLinearBaseline } from "../../src/training/linear-baseline.js";
import { ENGINE } from "../engine.js";
import { makeTinyStore, SOUNDS } from "../training/tiny-store.js";
import { edited } from "./edit-model.js";
import { tinyModel } from "./tiny-model.js";

const info = { task: "single-label" as const, labels: [...SOUNDS] };
const store = await makeTinyStore();
const bytes = (await trainLinearBaseline(featureSets(store, splitClips(store.clips)), {
  ...info,
  seed: 1,
  engine: ENGINE,
}))!;

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
  it.each([
    ["the labels of another model", bytes, ["hiss", "hum"], "tensor output.weight is [3, 44], not [2, 44]"],
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
