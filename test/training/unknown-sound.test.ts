import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { frontEnd } from "../../src/features/front-end.js";
import { logMel } from "../../src/features/log-mel.js";
import { netConfig } from "../../src/nn/architectures.js";
import { decodeModel, encodeModel, logitsGraph, type TrainedModel } from "../../src/tagging/model-file.js";
import { Tagger } from "../../src/tagging/tagger.js";
import { trainModel } from "../../src/training/train-model.js";
import { ENGINE } from "../engine.js";

const RATE = 8000;
const FRONT_END = frontEnd({ sampleRate: RATE, nFft: 256, hopLength: 128, nMels: 16 });
const CLASSES = ["bright", "dull"] as const;
/** Float32 of the engine against float64. */
const ROUNDING = 1e-3;

/** Half a second of a tone: with eight partials it is bright, with two it is dull. */
function tone(label: string, i: number): Float32Array {
  const nPartials = label === "bright" ? 8 : 2;
  const random = new Random(`${label} ${i}`);
  const [hz, level] = [random.uniform(120, 400), random.uniform(0.2, 0.9)];
  return Float32Array.from({ length: RATE / 2 }, (_, n) => {
    let sum = 0.001 * random.normal();
    for (let k = 1; k <= nPartials; k++)
      sum += (level * Math.sin((2 * Math.PI * hz * k * n) / RATE)) / nPartials;
    return sum;
  });
}

function trained(task: "single-label" | "multi-label", nClips: number) {
  const clips = Array.from({ length: nClips }, (_, i) =>
    CLASSES.map((label) => {
      const features = logMel({ samples: tone(label, i), sampleRate: RATE }, FRONT_END);
      const split = i % 3 === 2 ? ("valid" as const) : ("train" as const);
      return { name: `${label} ${i}`, labels: [label], features, split };
    }),
  ).flat();
  const config = {
    ...{ task, net: netConfig({ kind: "vgg", channels: [8, 8] }), segmentFrames: 16, epochs: 8 },
    ...{ augment: 0, labelSmoothing: 0, emaDecay: 0, batchSize: 8 },
  };
  return trainModel(featuresInMemory(FRONT_END, clips), config, { engine: ENGINE });
}

const noise = (level: number, seconds = 1) => {
  const random = new Random(`noise ${level}`);
  return Float32Array.from({ length: RATE * seconds }, () => level * random.normal());
};

describe.each(["single-label", "multi-label"] as const)("an unknown sound, %s", (task) => {
  let model: TrainedModel;
  let tagger: Tagger;
  const tag = (samples: Float32Array) => tagger.tagWaveform({ samples, sampleRate: RATE });

  beforeAll(async () => {
    model = (await trained(task, 60)).model!;
    tagger = await Tagger.of(decodeModel(encodeModel(model), "m.onnx"), ENGINE);
  });

  it("is noise at any level, of which no tag is present, as a whole and in its segments", async () => {
    for (const level of [0.001, 0.01, 0.1, 0.3]) {
      const { isUnknown, novelty, noveltyLimit, tags, segments, events } = await tag(noise(level));
      expect([level, isUnknown, segments.every((each) => each.isUnknown)]).toEqual([level, true, true]);
      expect(novelty!).toBeGreaterThan(noveltyLimit!);
      expect(tags.filter(({ isPresent }) => isPresent)).toEqual([]);
      expect(events).toEqual([]);
    }
  });

  it("is silence, and one bit of noise", async () => {
    expect(await tag(new Float32Array(RATE))).toMatchObject({ isUnknown: true });
    expect(await tag(noise(2e-5))).toMatchObject({ isUnknown: true });
  });

  it("is no new sound of a class, also with silence behind it or 6 dB quieter", async () => {
    let nKnown = 0;
    for (let i = 1000; i < 1010; i++)
      for (const label of CLASSES) {
        const samples = tone(label, i);
        const longer = new Float32Array(RATE * 3);
        longer.set(samples);
        for (const sound of [samples, longer, samples.map((x) => x / 2)]) {
          const { isUnknown, tags } = await tag(sound);
          if (!isUnknown) nKnown++;
          expect(tags[0].isPresent && isUnknown).toBe(false);
        }
      }
    expect(nKnown).toBeGreaterThanOrEqual(51); // of 60
  });

  it("is told by the novelty of the formula", async () => {
    const { known, classless } = model.novelty!;
    const { data, shape } = logMel({ samples: noise(0.05, 0.25), sampleRate: RATE }, FRONT_END);
    expect(shape).toEqual([16, 16]);
    const session = await ENGINE.open(logitsGraph(model));
    const { embedding } = await session.run({ inputs: { data, shape: [1, 16, 16] } });
    await session.close();
    const greatest = (of: typeof known) =>
      Math.max(
        ...[...of.bias.data].map((each, kind) =>
          embedding.data.reduce((sum, x, i) => sum + x * of.weight.data[kind * 32 + i], each),
        ),
      );
    const leaning = greatest(classless) - greatest(known);
    const { novelty } = await tag(noise(0.05, 0.25));
    expect(Math.abs(novelty! - leaning)).toBeLessThan(ROUNDING);
  });

  it("needs the functions of novelty in the model", () => {
    const { novelty: _, ...without } = model;
    expect(() => encodeModel(without)).toThrow(
      "model.novelty must be for embeddings of 32 values, got none; calibrate the model again",
    );
    expect(() => encodeModel({ ...model, info: { ...model.info, calibration: undefined } as never })).toThrow(
      "model.novelty must be absent in a model that calls no sound unknown, got one for 32 and 32",
    );
  });
});

describe("a model with fewer than 20 validation clips", () => {
  it("calls no sound unknown, except silence", async () => {
    const { model } = await trained("single-label", 12);
    expect(model!.info.calibration!.unknown).toBeNull();
    const tagger = await Tagger.of(model!, ENGINE);
    const tag = (samples: Float32Array) => tagger.tagWaveform({ samples, sampleRate: RATE });
    const none = { novelty: null, noveltyLimit: null };
    expect(await tag(noise(0.1))).toMatchObject({ ...none, isUnknown: false });
    const { isUnknown, tags } = await tag(new Float32Array(RATE));
    expect([isUnknown, tags.some(({ isPresent }) => isPresent)]).toEqual([true, false]);
  });
});
