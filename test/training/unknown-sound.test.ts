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

/** A second of noise of three colours, at about the same level; pink noise as Paul Kellet's three filters make it. */
function noises(level: number): Record<"white" | "pink" | "brown", Float32Array> {
  const white = noise(level);
  const lowPassed = (keep: number, gain: number) => {
    let held = 0;
    return white.map((x) => (held = keep * held + gain * x));
  };
  const [low, middle, high] = [lowPassed(0.99765, 0.099), lowPassed(0.963, 0.2965), lowPassed(0.57, 1.0527)];
  const pink = white.map((x, n) => (low[n] + middle[n] + high[n] + 0.1848 * x) / 2);
  return { white, pink, brown: lowPassed(0.98, 0.2) };
}

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

  it("is noise of 1 to 50 ms in silence, one of six kinds of sounds that the functions are fitted to", async () => {
    expect(model.novelty!.classless.bias.shape).toEqual([6]);
    for (const ms of [1, 10, 50])
      for (const level of [0.03, 0.3]) {
        const samples = new Float32Array(RATE / 4);
        samples.set(noise(level, ms / 1000), 400);
        expect([ms, level, (await tag(samples)).isUnknown]).toEqual([ms, level, true]);
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

  it("is an error where the functions of the novelty are so large that it is not finite", async () => {
    const { known, classless } = model.novelty!;
    const huge = ({ weight, bias }: typeof known) => ({
      weight: { ...weight, data: weight.data.map(() => 3e38) },
      bias,
    });
    const bytes = encodeModel({ ...model, novelty: { known: huge(known), classless: huge(classless) } });
    const broken = await Tagger.of(decodeModel(bytes, "m.onnx"), ENGINE, "m.onnx");
    await expect(broken.tagWaveform({ samples: noise(0.1), sampleRate: RATE })).rejects.toThrow(
      /^m\.onnx: gave the novelty \S+, which is not a finite number; calibrate it again$/,
    );
    await broken.close();
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
  it.each(["single-label", "multi-label"] as const)(
    "calls noise and silence unknown by its training clips, too: 2 labels of 8 clips, %s",
    async (task) => {
      const { model } = await trained(task, 8);
      const { basis, temperature, thresholds, unknown, validation } = model!.info.calibration!;
      expect([basis, temperature, validation.nClips]).toEqual(["few clips", 1, 4]);
      expect(Object.values(thresholds ?? {})).toEqual(task === "multi-label" ? [0.5, 0.5] : []);
      expect(unknown!.basis).toBe("training clips");
      const tagger = await Tagger.of(decodeModel(encodeModel(model!), "m.onnx"), ENGINE);
      const isUnknown = async (samples: Float32Array) =>
        (await tagger.tagWaveform({ samples, sampleRate: RATE })).isUnknown;
      expect(await isUnknown(new Float32Array(RATE))).toBe(true);
      for (const level of [0.003, 0.03, 0.3])
        for (const [kind, samples] of Object.entries(noises(level)))
          expect([kind, level, await isUnknown(samples)]).toEqual([kind, level, true]);
      let nKnown = 0;
      for (let i = 1000; i < 1010; i++)
        for (const label of CLASSES) if (!(await isUnknown(tone(label, i)))) nKnown++;
      expect(nKnown).toBeGreaterThanOrEqual(16); // of 20
    },
  );
});
