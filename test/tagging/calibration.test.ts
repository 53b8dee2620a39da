import onnxProto from "onnx-proto";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { Random } from "../../src/core/random.js";
import { buildLogitsModel } from "../../src/nn/inference.js";
import type { Calibration } from "../../src/tagging/calibration.js";
import {
  decodeModel,
  encodeModel,
  modelIdentity,
  readModelInfo,
  type TrainedModel,
  uncalibrated,
} from "../../src/tagging/model-file.js";
import { ENGINE } from "../engine.js";
import { DAMAGED, damaged, recordOf, withRecord } from "./edit-model.js";
import { SEGMENT_FRAMES, tinyCalibration, tinyTrained } from "./tiny-model.js";

/** Softmax and sigmoid in 32 bits against 64 bits. */
const ROUNDING = 1e-6;

const TASKS = ["single-label", "multi-label"] as const;
type Task = (typeof TASKS)[number];

function calibrated(task: Task, changes: Partial<Calibration> = {}): TrainedModel {
  const model = tinyTrained({ task });
  return { ...model, info: { ...model.info, calibration: { ...tinyCalibration(task), ...changes } } };
}

const nodesOf = (bytes: Uint8Array) => onnxProto.onnx.ModelProto.decode(bytes).graph!.node!;

/** What a graph gives for three random segments. */
async function outputOf(bytes: Uint8Array, name: string): Promise<Float32Array> {
  const random = new Random("segments");
  const shape = [3, SEGMENT_FRAMES, 16];
  const data = Float32Array.from({ length: 3 * SEGMENT_FRAMES * 16 }, () => random.uniform(0, 2));
  const session = await ENGINE.open(bytes);
  const outputs = await session.run({ inputs: { data, shape } });
  await session.close();
  return outputs[name].data;
}

describe("the file of a calibrated model", () => {
  it.each(TASKS)("is read back as it was: %s", (task) => {
    const model = calibrated(task);
    const bytes = encodeModel(model);
    expect(recordOf(bytes)["format"]).toBe(4);
    expect(decodeModel(bytes, "m.onnx")).toEqual(model);
    expect(encodeModel(decodeModel(bytes, "m.onnx"))).toEqual(bytes);
  });

  it.each(TASKS)("has a graph that divides the logits by the temperature: %s", async (task) => {
    const temperature = 2.5;
    const model = calibrated(task, { temperature });
    const { info, net, weights, normalization } = model;
    const config = { net, task, nLabels: 3, inputShape: [SEGMENT_FRAMES, 16], normalization };
    const logits = await outputOf(buildLogitsModel({ ...config, temperature }, weights), "logits");
    expect(logits).toEqual(await outputOf(buildLogitsModel(config, weights), "logits"));
    const probabilities = await outputOf(encodeModel(model), "probabilities");
    for (let segment = 0; segment < 3; segment++) {
      const scaled = [...logits.subarray(segment * 3, segment * 3 + 3)].map((logit) => logit / temperature);
      const total = scaled.reduce((sum, value) => sum + Math.exp(value), 0);
      scaled.forEach((value, i) => {
        const expected = task === "single-label" ? Math.exp(value) / total : 1 / (1 + Math.exp(-value));
        expect(Math.abs(probabilities[segment * 3 + i] - expected)).toBeLessThan(ROUNDING);
      });
    }
    expect(info.labels).toHaveLength(3);
  });

  it("has the graph of the uncalibrated one if its temperature is 1", () => {
    const model = calibrated("single-label", { temperature: 1 });
    expect(nodesOf(encodeModel(model))).toEqual(nodesOf(encodeModel(uncalibrated(model))));
    expect(nodesOf(encodeModel(calibrated("single-label")))).not.toEqual(nodesOf(encodeModel(model)));
  });

  it("names the labels as the model does, whatever they are", () => {
    const model = calibrated("multi-label");
    const labels = ["__proto__", "constructor", "tone"];
    const thresholds = JSON.parse('{"__proto__": 0.25, "constructor": 0.5, "tone": 0.75}');
    const calibration = { ...tinyCalibration("multi-label"), thresholds, sharedThreshold: ["__proto__"] };
    const bytes = encodeModel({ ...model, info: { ...model.info, labels, calibration } });
    const read = readModelInfo(bytes, "m.onnx").calibration?.thresholds ?? {};
    expect(labels.map((label) => read[label])).toEqual([0.25, 0.5, 0.75]);
  });

  it("shows damage to its temperature", () => {
    const bytes = damaged(encodeModel(calibrated("single-label")), ({ metadataProps }) => {
      const record = metadataProps!.find(({ key }) => key === "timbrel")!;
      record.value = record.value!.replace('"temperature":1.5', '"temperature":1.4');
    });
    expect(() => decodeModel(bytes, "m.onnx")).toThrow(new DataError("m.onnx", DAMAGED));
  });

  const validation = tinyCalibration("multi-label").validation;
  it.each<[Task, object, RegExp]>([
    ["single-label", { temperature: 0 }, /calibration\.temperature/],
    ["single-label", { temperature: -1 }, /calibration\.temperature/],
    ["single-label", { temperature: 1e-300 }, /calibration\.temperature/],
    ["single-label", { temperature: 1e300 }, /calibration\.temperature/],
    ["single-label", { temperature: null }, /calibration\.temperature/],
    ["single-label", { basis: "guessed" }, /calibration\.basis/],
    [
      "single-label",
      { thresholds: { hiss: 0.5, hum: 0.5, tone: 0.5 } },
      /of a single-label model has thresholds/,
    ],
    ["multi-label", { thresholds: null }, /of a multi-label model has no thresholds/],
    ["multi-label", { thresholds: [0.5, 0.5, 0.5] }, /thresholds must be numbers from 0 to 1 by label/],
    [
      "multi-label",
      { thresholds: { hiss: 0.5, hum: 0.5, tone: 1.5 } },
      /must be numbers from 0 to 1 by label/,
    ],
    [
      "multi-label",
      { thresholds: { hiss: 0.5, hum: 0.5, tone: "a" } },
      /must be numbers from 0 to 1 by label/,
    ],
    ["multi-label", { thresholds: { hiss: 0.5, hum: 0.5 } }, /thresholds of other labels than the model's/],
    ["multi-label", { thresholds: { hiss: 0.5, hum: 0.5, bell: 0.5 } }, /thresholds of other labels/],
    ["multi-label", { sharedThreshold: ["bell"] }, /shares a threshold among other labels/],
    ["single-label", { sharedThreshold: ["toString"] }, /shares a threshold among other labels/],
    ["multi-label", { validation: { ...validation, nClips: 0 } }, /calibration\.validation\.nClips/],
    ["multi-label", { validation: { ...validation, loss: [1] } }, /calibration\.validation\.loss/],
    ["multi-label", { validation: { ...validation, calibrationError: [0, 2] } }, /calibrationError/],
    ["multi-label", { unknown: { threshold: "low" } }, /calibration\.unknown\.threshold/],
  ])("is rejected with one line if its calibration is not one: %s, %j", (task, changes, member) => {
    const calibration = { ...tinyCalibration(task), ...changes };
    const bytes = withRecord(encodeModel(calibrated(task)), { calibration });
    expect(() => decodeModel(bytes, "m.onnx")).toThrow(DataError);
    expect(() => decodeModel(bytes, "m.onnx")).toThrow(/^m\.onnx: holds damaged model metadata: [^\n]+$/);
    expect(() => decodeModel(bytes, "m.onnx")).toThrow(member);
  });
});

describe("a model without a calibration", () => {
  it("is written in the format that earlier versions read", () => {
    const model = calibrated("single-label");
    const bytes = encodeModel(uncalibrated(model));
    expect(recordOf(bytes)["format"]).toBe(3);
    expect(bytes).toEqual(encodeModel(tinyTrained()));
  });

  it("has the same identity as a calibrated one: its weights alone matter to a run that starts from it", () => {
    expect(modelIdentity(calibrated("single-label"))).toBe(modelIdentity(tinyTrained()));
    expect(modelIdentity(calibrated("multi-label"))).not.toBe(modelIdentity(tinyTrained()));
  });
});
