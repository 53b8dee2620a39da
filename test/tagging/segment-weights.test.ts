import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { segmentStarts } from "../../src/dataset/segments.js";
import { atLevel } from "../../src/features/at-level.js";
import { compressor } from "../../src/features/compress.js";
import { type FrontEnd, frontEnd, silenceValue } from "../../src/features/front-end.js";
import { logMel } from "../../src/features/log-mel.js";
import { clipAnswers, type FrameSource } from "../../src/tagging/aggregate.js";
import { decodeModel, encodeModel, modelGraph, type TrainedModel } from "../../src/tagging/model-file.js";
import { Tagger } from "../../src/tagging/tagger.js";
import { WeightedMean } from "../../src/tagging/weighted-mean.js";
import { ENGINE } from "../engine.js";
import { makeSound, SOUNDS, TINY_FRONT_END } from "../training/tiny-store.js";
import { recordOf } from "./edit-model.js";
import { SEGMENT_FRAMES, tinyCalibration, tinyModel, tinyTrained, weightedModel } from "./tiny-model.js";

/** Exponentials and sums in 32 bits against 64 bits, relative; exp(x) - 1 cancels where x is small. */
const ROUNDING = 1e-3;
/** Probabilities of a net in 32 bits, in batches of other sizes. */
const SAME = 1e-5;

/** What a model's graph gives for segments [n, SEGMENT_FRAMES, 16]. */
async function outputsOf(model: TrainedModel, data: Float32Array) {
  const session = await ENGINE.open(encodeModel(model));
  const shape = [data.length / (SEGMENT_FRAMES * 16), SEGMENT_FRAMES, 16];
  const outputs = await session.run({ inputs: { data, shape } });
  await session.close();
  return outputs;
}

const FRONT_ENDS: Record<string, FrontEnd> = {
  "log10 of magnitudes": TINY_FRONT_END,
  "log1p of powers": frontEnd({ ...TINY_FRONT_END, power: 2, compression: { kind: "log1p", scale: 1e4 } }),
  "decibels of powers": frontEnd({
    ...TINY_FRONT_END,
    power: 2,
    compression: { kind: "powerToDb", ref: 4, amin: 1e-10, topDb: null },
  }),
  "decibels of magnitudes": frontEnd({
    ...TINY_FRONT_END,
    compression: { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 80 },
  }),
};

describe.each(Object.entries(FRONT_ENDS))("the weight of a segment, %s", (_name, made) => {
  const random = new Random("mel values");
  const mel = Float64Array.from({ length: SEGMENT_FRAMES * 16 }, () => 0.02 + random.uniform() ** 2);
  const features = new Float32Array(mel.length);
  compressor(made.compression)(mel, features, 0);

  it.each([0.5, 1, 2])("is its root mean square magnitude to the power %d", async (exponent) => {
    const { weight } = await outputsOf(weightedModel(exponent, { made }), features);
    const energy = mel.reduce((sum, x) => sum + (made.power === 1 ? x ** 2 : x), 0) / SEGMENT_FRAMES;
    const expected = Math.sqrt(energy) ** exponent;
    expect(weight.shape).toEqual([1]);
    expect(Math.abs(weight.data[0] / expected - 1)).toBeLessThan(ROUNDING);
  });

  it("falls by the exponent with the level, to 0 in silence", async () => {
    const quieter = features.slice();
    atLevel(made, -20)(quieter);
    const silence = features.map(() => silenceValue(made));
    const three = Float32Array.of(...features, ...quieter, ...silence);
    const { weight } = await outputsOf(weightedModel(1.5, { made }), three);
    expect(Math.abs(weight.data[1] / weight.data[0] - 10 ** -1.5)).toBeLessThan(ROUNDING);
    expect(weight.data[2] / weight.data[0]).toBeLessThan(1e-9);
  });
});

describe("the file of a model whose segments weigh differently", () => {
  it.each([0, 1])("is of format 5, and read back as it was: exponent %d", async (exponent) => {
    const model = weightedModel(exponent);
    const bytes = encodeModel(model);
    expect(recordOf(bytes)["format"]).toBe(5);
    expect(decodeModel(bytes, "m.onnx")).toEqual(model);
    expect(encodeModel(decodeModel(bytes, "m.onnx"))).toEqual(bytes);
    const outputs = await outputsOf(model, new Float32Array(SEGMENT_FRAMES * 16));
    expect(Object.keys(outputs)).toEqual(exponent === 0 ? ["probabilities"] : ["probabilities", "weight"]);
  });

  it("is of format 4 if it was calibrated by an older version, and its segments weigh the same", async () => {
    const model = tinyTrained();
    const old = { ...model, info: { ...model.info, calibration: tinyCalibration("single-label") } };
    const bytes = encodeModel(old);
    expect(recordOf(bytes)["format"]).toBe(4);
    expect(encodeModel(decodeModel(bytes, "m.onnx"))).toEqual(bytes);
    const outputs = await outputsOf(decodeModel(bytes, "m.onnx"), new Float32Array(SEGMENT_FRAMES * 16));
    expect(Object.keys(outputs)).toEqual(["probabilities"]);
  });
});

describe("the answer for a clip", () => {
  const random = new Random("clips");
  const clips = [40, 700, 16, 90].map((nFrames, i) =>
    Float32Array.from(
      { length: nFrames * 16 },
      (_, at) => random.uniform(0, 0.3) * Math.max(0.01, Math.exp((-at / (16 * 20)) * i)),
    ),
  );
  const source: FrameSource = {
    clips: clips.map(({ length }) => ({ nFrames: length / 16 })),
    nMels: 16,
    async readFrames(clip, first, count, out, offset) {
      out.fill(0, offset, offset + count * 16);
      out.set(clips[clip].subarray(first * 16, (first + count) * 16), offset);
    },
  };

  it.each([0.5, 2])(
    "is the mean in which each segment counts by its weight, exponent %d",
    async (exponent) => {
      const model = weightedModel(exponent);
      const session = await ENGINE.open(modelGraph(model));
      const given: [clip: number, weight: number][] = [];
      const answers = await clipAnswers(session, source, {
        segmentFrames: SEGMENT_FRAMES,
        segments: { hopFrames: null, onSegment: (clip, { weight }) => given.push([clip, weight]) },
      });
      await session.close();
      let farthest = 0;
      for (const [i, clip] of clips.entries()) {
        const [sums, plain] = [
          [0, 0, 0],
          [0, 0, 0],
        ];
        const starts = segmentStarts(clip.length / 16, SEGMENT_FRAMES);
        const weights: number[] = [];
        let total = 0;
        for (const start of starts) {
          const data = new Float32Array(SEGMENT_FRAMES * 16);
          data.set(clip.subarray(start * 16, (start + SEGMENT_FRAMES) * 16));
          const energy = data.reduce((sum, x) => sum + ((10 ** x - 1) / 10) ** 2, 0) / SEGMENT_FRAMES;
          const weight = Math.sqrt(energy) ** exponent;
          weights.push(weight);
          total += weight;
          const { probabilities } = await outputsOf(model, data);
          probabilities.data.forEach((p, label) => {
            sums[label] += weight * p;
            plain[label] += p / starts.length;
          });
        }
        answers[i].probabilities.forEach((p, label) => {
          expect(Math.abs(p - sums[label] / total)).toBeLessThan(SAME);
          farthest = Math.max(farthest, Math.abs(p - plain[label]));
        });
        const found = given.filter(([clip]) => clip === i).map(([, weight]) => weight);
        expect(found).toHaveLength(weights.length);
        found.forEach((weight, k) => {
          expect(Math.abs(weight / weights[k] - 1)).toBeLessThan(ROUNDING);
        });
      }
      expect(farthest).toBeGreaterThan(0.01); // from the plain mean: the weights matter here
    },
  );

  it("counts all segments the same if none has a weight", () => {
    const mean = new WeightedMean(2);
    mean.add([1, 0], 0);
    mean.add([0, 0.5], 0);
    expect([...mean.value]).toEqual([0.5, 0.25]);
    mean.add([0.25, 0.75], 3);
    mean.add([1, 1], 0);
    mean.add([0.75, 0.25], 1);
    expect([...mean.value]).toEqual([0.375, 0.625]);
  });
});

describe("a tail", () => {
  const { samples, sampleRate } = makeSound("tone", "a", { durationSec: 0.5 });
  const quiet = makeSound("hiss", "b", { durationSec: 3 }).samples.map((x) => x / 1000);
  const withTail = (tail: Float32Array) => ({ samples: Float32Array.of(...samples, ...tail), sampleRate });
  /** Greatest difference that a tail makes to the probability of a label. */
  async function change(model: TrainedModel, tail: Float32Array): Promise<number> {
    const tagger = await Tagger.of(model, ENGINE);
    const answers: Map<string, number>[] = [];
    for (const audio of [withTail(new Float32Array()), withTail(tail)]) {
      const { tags } = await tagger.tagWaveform(audio);
      answers.push(new Map(tags.map(({ label, probability }) => [label, probability])));
    }
    await tagger.close();
    return Math.max(...SOUNDS.map((label) => Math.abs(answers[0].get(label)! - answers[1].get(label)!)));
  }

  it("of silence or quiet noise hardly changes an answer", async () => {
    for (const tail of [new Float32Array(24_000), quiet]) {
      expect(await change(tinyTrained(), tail)).toBeGreaterThan(0.1);
      // The segment in which the sound ends is another one with the tail than without.
      expect(await change(weightedModel(1), tail)).toBeLessThan(0.05);
    }
  });

  it.each([
    ["weighted", weightedModel(1)],
    ["not calibrated", tinyTrained()],
  ])("alone, of digital silence, is unknown, and its answer is a distribution: %s", async (_name, model) => {
    const tagger = await Tagger.of(model, ENGINE);
    const { isUnknown, tags, segments } = await tagger.tagWaveform({
      samples: new Float32Array(16_000),
      sampleRate,
    });
    await tagger.close();
    expect([isUnknown, tags.some(({ isPresent }) => isPresent)]).toEqual([true, false]);
    expect(segments.length).toBeGreaterThan(4);
    expect(tags.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 6);
  });

  it("has no weight where it is silent", async () => {
    const tagger = await Tagger.of(weightedModel(1), ENGINE);
    const { segments } = await tagger.tagWaveform(withTail(new Float32Array(24_000)));
    await tagger.close();
    expect(segments[0].weight).toBeGreaterThan(0.01);
    expect(segments.at(-1)!.weight).toBe(0);
    const plain = await Tagger.open(tinyModel(), "m.onnx", ENGINE);
    const same = (await plain.tagWaveform(withTail(quiet))).segments.map(({ weight }) => weight);
    await plain.close();
    expect(new Set(same)).toEqual(new Set([1]));
  });
});

describe("features of silence", () => {
  it("weigh 0 in the graph, as they come from audio", async () => {
    const { data } = logMel({ samples: new Float32Array(3840), sampleRate: 8000 }, TINY_FRONT_END);
    const { weight } = await outputsOf(weightedModel(0.25), data.slice(0, SEGMENT_FRAMES * 16));
    expect(weight.data[0]).toBe(0);
  });
});
