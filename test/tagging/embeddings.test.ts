import { loadTagger } from "timbrel";
import { afterAll, describe, expect, it } from "vitest";
import { waveformStream } from "../../src/audio/waveform-stream.js";
import { segmentStarts } from "../../src/dataset/segments.js";
import { logMel } from "../../src/features/log-mel.js";
import { decodeModel, embeddingGraph, embeddingSize, logitsGraph } from "../../src/tagging/model-file.js";
import { Tagger } from "../../src/tagging/tagger.js";
import { countingEngine, ENGINE } from "../engine.js";
import { makeSound, TINY_FRONT_END } from "../training/tiny-store.js";
import { SEGMENT_FRAMES, tinyModel, tinyTrained, weightedModel } from "./tiny-model.js";

const model = tinyTrained();
const tagger = await Tagger.of(model, ENGINE);
const both = await ENGINE.open(logitsGraph(model));
afterAll(() => Promise.all([tagger.close(), both.close()]));

/** Sums in batches of different sizes round differently. */
const ROUNDING = 1e-5;

/** One segment after the other through the graph that has the logits, too; the last layer is applied by hand. */
async function slowly(samples: Float32Array) {
  const { data, shape } = logMel({ samples, sampleRate: 8000 }, TINY_FRONT_END);
  const [nFrames, nMels] = shape;
  const rows: Float32Array[] = [];
  for (const first of segmentStarts(nFrames, SEGMENT_FRAMES)) {
    const input = new Float32Array(SEGMENT_FRAMES * nMels); // silence is 0
    input.set(data.subarray(first * nMels, (first + SEGMENT_FRAMES) * nMels));
    const { embedding, logits } = await both.run({
      inputs: { data: input, shape: [1, SEGMENT_FRAMES, nMels] },
    });
    const [weight, bias] = [model.weights.get("output.weight")!, model.weights.get("output.bias")!];
    logits.data.forEach((logit, label) => {
      let sum = bias.data[label];
      embedding.data.forEach((value, i) => {
        sum += value * weight.data[label * embedding.data.length + i];
      });
      expect(sum).toBeCloseTo(logit, 4);
    });
    rows.push(embedding.data);
  }
  return rows;
}

function expectClose(found: Float32Array, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++) expect(Math.abs(found[i] - expected[i])).toBeLessThan(ROUNDING);
}

const sound = makeSound("tone", "a", { durationSec: 1.3 });
const openSound = async () => waveformStream({ channelData: [sound.samples], sampleRate: sound.sampleRate });

describe("the embedding of a clip", () => {
  it("is the mean over its segments of the input of the last layer", async () => {
    const rows = await slowly(sound.samples);
    expect(rows.length).toBe(6);
    const { embedding, segments, durationSec, warnings } = await tagger.embedStream(openSound, "a.wav");
    const mean = rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);
    expectClose(embedding, mean);
    segments.forEach((segment, i) => {
      expectClose(segment.embedding, rows[i]);
    });
    const { segments: tagged } = await tagger.tagStream(openSound, "a.wav");
    const times = (list: typeof tagged | typeof segments) =>
      list.map(({ startSec, endSec }) => [startSec, endSec]);
    expect(times(segments)).toEqual(times(tagged));
    expect([durationSec, warnings]).toEqual([1.3, []]);
    expect(embedding.length).toBe(embeddingSize(model));
  });

  it("weighs segments as the answer for the clip does", async () => {
    const weighted = await Tagger.of(weightedModel(1), ENGINE);
    const rows = await slowly(sound.samples);
    const { segments } = await weighted.tagStream(openSound, "a.wav");
    const { embedding } = await weighted.embedStream(openSound, "a.wav");
    await weighted.close();
    const weights = segments.map(({ weight }) => weight);
    expect(Math.max(...weights)).toBeGreaterThan(1.01 * Math.min(...weights));
    const total = weights.reduce((sum, weight) => sum + weight);
    const mean = rows[0].map((_, i) => rows.reduce((sum, row, k) => sum + weights[k] * row[i], 0) / total);
    expectClose(embedding, mean);
  });

  it("is the same whatever the audio comes as, and of a clip that is as long as a segment its only segment", async () => {
    const short = makeSound("hum", "a", { durationSec: 0.25 });
    const loaded = await loadTagger(model, { engine: ENGINE });
    const { embedding, segments } = await loaded.embed(short);
    expect(segments.map((segment) => segment.embedding)).toEqual([embedding]);
    const whole = await loaded.embed({ channelData: [short.samples, short.samples], sampleRate: 8000 });
    expect(whole.embedding).toEqual(embedding);
    await loaded.close();
  });

  it("is not computed by a linear baseline, a closed tagger, or with wrong options", async () => {
    const linear = await loadTagger("models/instruments.linear.onnx", { engine: ENGINE });
    await expect(linear.embed(sound)).rejects.toThrow(
      "model must be a net, got a linear baseline, which has no embedding",
    );
    await linear.close();
    const { engine, open } = countingEngine();
    const loaded = await loadTagger(model, { engine });
    await loaded.embed(sound);
    expect(open()).toBe(2);
    await loaded.close();
    expect(open()).toBe(0);
    await expect(loaded.embed(sound)).rejects.toThrow("tagger must be open when it is used");
    await expect(tagger.embedStream(openSound, "a.wav", { maxDurationSec: 1 })).rejects.toThrow(/^a\.wav: /);
    await expect(tagger.embedStream(openSound, "a.wav", { hop: 1 } as object)).rejects.toThrow(/hop/);
  });
});

describe("the graph of embeddings", () => {
  it("is the same for models that differ in their last layer, and another for another body", () => {
    const changed = (name: string) => {
      const { data, shape } = model.weights.get(name)!;
      const weights = new Map(model.weights).set(name, { shape, data: data.map((value) => value + 1) });
      return embeddingGraph({ ...model, weights });
    };
    const own = embeddingGraph(model);
    expect(embeddingGraph(decodeModel(tinyModel(), "m.onnx"))).toEqual(own);
    expect(changed("output.weight")).toEqual(own);
    expect(changed("block1.conv.weight")).not.toEqual(own);
  });
});
