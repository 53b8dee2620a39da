import { describe, expect, it } from "vitest";
import { waveformStream } from "../../src/audio/waveform-stream.js";
import { compressionRate, silenceValue } from "../../src/features/front-end.js";
import { decodeModel, encodeModel, modelIdentity, type TrainedModel } from "../../src/tagging/model-file.js";
import { Tagger } from "../../src/tagging/tagger.js";
import { ENGINE } from "../engine.js";
import { messageOf } from "../store/message-of.js";
import { makeSound, TINY_FRONT_END } from "../training/tiny-store.js";
import { DAMAGED, damaged, edited, recordOf, storedTensor } from "./edit-model.js";
import { randomWhitening, tinyCalibration, tinyTrained } from "./tiny-model.js";

const LEVEL = {
  silence: silenceValue(TINY_FRONT_END),
  rate: compressionRate(TINY_FRONT_END),
  target: 8,
  least: Math.fround(0.008),
};
const atOneLevel = (model = tinyTrained()): TrainedModel => ({
  ...model,
  normalization: { ...model.normalization, level: LEVEL },
});
/** Features in 32 bits are exact to 1e-7, mel values that become 10 or 100 times louder to 1e-5; the net adds to that. */
const SAME = 1e-4;

const sound = makeSound("tone", "a", { durationSec: 1.5 });
const quieter = (db: number) => ({ ...sound, samples: sound.samples.map((x) => x * 10 ** (db / 20)) });

/** What a model says of sounds: the probabilities in order of labels, and the rest of the answer. */
async function answersOf(model: TrainedModel, sounds: readonly (typeof sound)[]) {
  const tagger = await Tagger.of(model, ENGINE);
  const answers = [];
  for (const each of sounds) {
    const tagging = await tagger.tagWaveform(each);
    const inOrder = [...tagging.tags].sort((a, b) => (a.label < b.label ? -1 : 1));
    answers.push({ ...tagging, probabilities: inOrder.map(({ probability }) => probability) });
  }
  await tagger.close();
  return answers;
}
const farthest = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((x, i) => Math.abs(x - b[i])));

describe("a model that brings every segment to one level", () => {
  it("answers a recording that is 20 or 40 dB quieter in the same way; another model does not", async () => {
    const sounds = [sound, quieter(-20), quieter(-40)];
    const [loud, ...others] = await answersOf(atOneLevel(), sounds);
    for (const other of others) expect(farthest(loud.probabilities, other.probabilities)).toBeLessThan(SAME);
    const [plain, ...changed] = await answersOf(tinyTrained(), sounds);
    for (const other of changed)
      expect(farthest(plain.probabilities, other.probabilities)).toBeGreaterThan(0.05);
  });

  it("calls silence unknown, with finite numbers", async () => {
    const [{ isUnknown, probabilities }] = await answersOf(atOneLevel(), [
      { ...sound, samples: new Float32Array(8000) },
    ]);
    expect(isUnknown).toBe(true);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
  });

  it("weighs segments by the level that they came with", async () => {
    const model = atOneLevel();
    const calibration = { ...tinyCalibration("single-label"), levelExponent: 1 };
    const weighted = { ...model, info: { ...model.info, calibration } };
    const [loud, quiet] = await answersOf(weighted, [sound, quieter(-20)]);
    expect(quiet.segments[1].weight / loud.segments[1].weight).toBeCloseTo(0.1, 3);
  });

  it("answers a stream as the whole", async () => {
    const tagger = await Tagger.of(atOneLevel(), ENGINE);
    const whole = await tagger.tagWaveform(sound);
    const channels = { channelData: [sound.samples], sampleRate: sound.sampleRate };
    const streamed = await tagger.tagStream(async () => waveformStream(channels), "a.wav");
    await tagger.close();
    expect(streamed.tags).toEqual(whole.tags);
    expect(streamed.segments).toEqual(whole.segments);
  });
});

describe("the file of a model that brings every segment to one level", () => {
  const calibrated = tinyTrained();
  it.each<[string, TrainedModel]>([
    ["standardized", atOneLevel()],
    ["whitened", atOneLevel(tinyTrained({ normalization: randomWhitening(9) }))],
    ["not normalized", atOneLevel(tinyTrained({ normalization: { kind: "none" } }))],
    [
      "calibrated by an older version",
      atOneLevel({
        ...calibrated,
        info: { ...calibrated.info, calibration: tinyCalibration("single-label") },
      }),
    ],
  ])("is of format 5, and read back as it was: %s", (_name, model) => {
    const bytes = encodeModel(model);
    expect(recordOf(bytes)).toMatchObject({ format: 5, level: "segment" });
    expect(decodeModel(bytes, "m.onnx")).toEqual(model);
    expect(encodeModel(decodeModel(bytes, "m.onnx"))).toEqual(bytes);
  });

  it("is that of another model than without the level, whose file says nothing of it", () => {
    expect(modelIdentity(atOneLevel())).not.toBe(modelIdentity(tinyTrained()));
    expect(recordOf(encodeModel(tinyTrained()))).not.toHaveProperty("level");
  });

  const withLevel =
    (target: number, least: number) => (proto: Parameters<Parameters<typeof edited>[1]>[0]) => {
      const { initializer } = proto.graph!;
      const at = initializer!.findIndex(({ name }) => name === "normalization.level");
      initializer![at] = storedTensor("normalization.level", [2], Float32Array.of(target, least));
    };
  it("is damaged if the level was changed, and wrong if it cannot be one", () => {
    const bytes = encodeModel(atOneLevel());
    expect(messageOf(() => decodeModel(damaged(bytes, withLevel(9, 1)), "m.onnx"))).toBe(
      `m.onnx: ${DAMAGED}`,
    );
    for (const [target, least] of [
      [8, 0],
      [8, 9],
      [-1, -2],
    ])
      expect(messageOf(() => decodeModel(edited(bytes, withLevel(target, least)), "m.onnx"))).toBe(
        `m.onnx: tensor normalization.level holds ${target} and ${least}, which are not a level and a lower one above 0`,
      );
  });
});
