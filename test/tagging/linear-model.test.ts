import { loadTagger } from "timbrel";
import { describe, expect, it } from "vitest";
import { decodeAudio } from "../../src/audio/decode.js";
import { DataError } from "../../src/core/errors.js";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import { splitClips } from "../../src/dataset/splits.js";
import { decodeMetadata, decodeWeights } from "../../src/graph/index.js";
import {
  decodeLinearModel,
  encodeLinearModel,
  LINEAR_RECORD,
  linearModel,
} from "../../src/tagging/linear-model.js";
import { wasChosenBy, wasTrainedOn } from "../../src/tagging/model-clips.js";
import { trainLinearBaseline } from "../../src/training/linear-baseline.js";
import { ENGINE } from "../engine.js";
import { makeTinyStore, SOUNDS, tinyClips } from "../training/tiny-store.js";
import { DAMAGED, damaged, edited, type ModelProto, withMetadata } from "./edit-model.js";
import { tinyModel } from "./tiny-model.js";

const info = { task: "single-label" as const, labels: [...SOUNDS] };
const store = await makeTinyStore();
const split = { seed: 3, validFraction: 0.2, testFraction: 0.25, hash: splitClips(store.clips).hash };
const bytes = (await trainLinearBaseline(featureSets(store, splitClips(store.clips)), {
  task: info.task,
  seed: 1,
  split,
  engine: ENGINE,
}))!;

const graph = linearModel(bytes, "m.linear.onnx", info);

/** The file as earlier versions wrote it: without metadata, and with a record of format 1. */
const legacy = withMetadata(bytes, {});
const older = linearRecord({ format: 1, task: "single-label", labels: SOUNDS });

/** The file with another record. */
function linearRecord(record: unknown): Uint8Array {
  return withMetadata(bytes, { [LINEAR_RECORD]: JSON.stringify(record), "timbrel.checksum": "" });
}
const OTHER = "is the linear baseline of a model with another task or other labels";
const SHAPES = "tensor output.weight is [3, 44], not [2, 44]";

describe("linearModel", () => {
  it("returns the graph alone", () => {
    expect(decodeMetadata(graph, "")).toEqual({});
    expect(decodeWeights(graph, "")).toEqual(decodeWeights(bytes, ""));
  });
  it("builds a new graph, whatever the file's graph computes", () => {
    const other = edited(bytes, ({ graph }) => {
      graph!.node!.find(({ opType }) => opType === "Sub")!.opType = "Add";
    });
    expect(linearModel(other, "m.linear.onnx", info)).toEqual(graph);
    expect(encodeLinearModel(decodeLinearModel(other, "m.linear.onnx"))).toEqual(bytes);
  });
  it.each([
    ["without a record and a checksum", legacy],
    ["of format 1", older],
  ])("reads the file of an earlier version, %s", (_name, file) => {
    expect(linearModel(file, "m.linear.onnx", info)).toEqual(graph);
  });
  it("rejects the baseline of format 1 of a model with other labels", () => {
    const other = { ...info, labels: ["hiss", "hum", "whistle"] };
    expect(() => linearModel(older, "m.linear.onnx", other)).toThrow(new DataError("m.linear.onnx", OTHER));
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

describe("decodeLinearModel", () => {
  it("says what the baseline is for, and which clips it was trained on", () => {
    const { info, net } = decodeLinearModel(bytes, "m.linear.onnx");
    const { train, valid, hash } = splitClips(store.clips);
    expect(info).toMatchObject({ task: "single-label", labels: SOUNDS, frontEnd: store.frontEnd });
    expect(info.split).toEqual({ ...split, hash, trainCounts: { hiss: 5, hum: 5, tone: 5 } });
    expect(train.every(({ audioHash }) => wasTrainedOn(info)(audioHash))).toBe(true);
    expect(valid.map(({ audioHash }) => wasChosenBy(info)!(audioHash))).toEqual(valid.map(() => true));
    expect(valid.some(({ audioHash }) => wasTrainedOn(info)(audioHash))).toBe(false);
    expect(net).toEqual({ kind: "linear" });
  });
  it("does not read the file of an earlier version, which it cannot tag audio with", () => {
    expect(() => decodeLinearModel(older, "m.linear.onnx")).toThrow(
      new DataError(
        "m.linear.onnx",
        "is a linear baseline of an older version, which does not record its front end; resume its run to make it again",
      ),
    );
    expect(() => decodeLinearModel(tinyModel(), "m.onnx")).toThrow(
      new DataError("m.onnx", "is not the file of a linear baseline"),
    );
  });
  it.each([
    [
      "of a later version",
      { format: 3 },
      "format is 3, this version of timbrel reads at most 2; update timbrel",
    ],
    ["with another front end than its hash", { frontEndHash: "0" }, "the front end does not match its hash"],
    ["with clips that are no hashes", { trainClips: "x" }, "trainClips must be prefixes of hashes"],
    ["without labels", { labels: [] }, "labels must be 1 to 65536 texts of 1 to 10000 characters"],
  ])("rejects a record %s", (_name, changes, problem) => {
    const record = JSON.parse(decodeMetadata(bytes, "")[LINEAR_RECORD]);
    const file = linearRecord({ ...record, ...changes });
    const message = `m.linear.onnx: holds damaged metadata: ${problem}`;
    expect(() => decodeLinearModel(file, "m.linear.onnx")).toThrow(message);
    expect(() => linearModel(file, "m.linear.onnx", info)).toThrow(message);
  });
});

describe("LinearTagger", () => {
  const clips = tinyClips().filter(({ split }) => split === "test");

  it("gives the answers that evaluation gives to the same clips in a store", async () => {
    const { test } = featureSets(store, splitClips(store.clips));
    const tagger = await loadTagger(bytes, { engine: ENGINE });
    expect(tagger.labels).toEqual(SOUNDS);
    const session = await ENGINE.open(graph);
    for (const [i, { name, audioHash }] of test.clips.entries()) {
      const { wav } = clips.find((clip) => clip.name === name)!;
      const { tags, segments, events, durationSec } = await tagger.predict(wav);
      const data = await test.readDescriptors(i);
      const { probabilities } = await session.run({ inputs: { data, shape: [1, 44] } });
      const found = SOUNDS.map((label) => tags.find((tag) => tag.label === label)!.probability);
      expect(found).toEqual([...probabilities.data]);
      expect(durationSec).toBe(store.clips.find((clip) => clip.audioHash === audioHash)!.durationSec);
      expect(tags[0].probability).toBe(Math.max(...found));
      const whole = { startSec: 0, endSec: durationSec };
      expect(segments).toEqual([{ ...whole, tags, weight: 1, novelty: null, isUnknown: false }]);
      const { label, probability } = tags[0];
      expect(events).toEqual([{ ...whole, label, probability }]);
    }
    await session.close();
    await tagger.close();
  });
  it("answers to samples as to a file with them, and names what is wrong with audio", async () => {
    const tagger = await loadTagger(decodeLinearModel(bytes, ""), { engine: ENGINE });
    const [{ wav }] = clips;
    const { channelData, sampleRate } = await decodeAudio(wav, "a.wav");
    const { tags } = await tagger.predict(wav);
    expect((await tagger.predict({ channelData, sampleRate })).tags).toEqual(tags);
    await expect(tagger.predict(Uint8Array.of(1, 2, 3))).rejects.toThrow(
      "audio: not audio that timbrel reads",
    );
    await expect(tagger.predict({ samples: new Float32Array(), sampleRate })).rejects.toThrow(
      "audio must hold finite samples, at least 1 at 8000 Hz, got none",
    );
    await expect(tagger.predict(wav, { segments: { hopSec: 1 } })).rejects.toThrow(
      "segments.hopSec must be used with a net: a linear baseline answers for the whole clip, got 1",
    );
    await tagger.close();
    await expect(tagger.predict(wav)).rejects.toThrow("tagger must be open when it is used");
  });
  it("is not opened on descriptors that audio does not have", async () => {
    const clips = [...SOUNDS, ...SOUNDS].map((label, i) => ({
      name: `${i}`,
      labels: [label],
      split: i < 3 ? ("train" as const) : ("valid" as const),
      features: { shape: [1, 16], data: new Float32Array(16).fill(i) },
      descriptors: Float32Array.of(i % 3, i),
    }));
    const data = featuresInMemory(store.frontEnd, clips);
    const sets = featureSets(data, splitClips(data.clips, { testFraction: 0 }));
    const other = (await trainLinearBaseline(sets, { task: info.task, seed: 1, engine: ENGINE }))!;
    await expect(loadTagger(other, { engine: ENGINE })).rejects.toThrow(
      "model: reads 2 descriptors, and audio has 44: it was trained on descriptors of another program",
    );
  });
});
