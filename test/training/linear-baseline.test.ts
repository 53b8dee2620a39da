import onnxProto from "onnx-proto";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import type { FrameReader } from "../../src/dataset/frame-reader.js";
import { splitClips } from "../../src/dataset/splits.js";
import { argmax } from "../../src/evaluation/answers.js";
import { evaluateLinear, evaluateMajority, readAllDescriptors } from "../../src/evaluation/evaluate.js";
import { mainScore } from "../../src/evaluation/measures.js";
import { frontEnd } from "../../src/features/front-end.js";
import type { Engine } from "../../src/runtime/engine.js";
import { trainLinearBaseline } from "../../src/training/linear-baseline.js";
import { ENGINE } from "../engine.js";
import { makeTinyStore } from "./tiny-store.js";

const store = await makeTinyStore();
const sets = featureSets(store, splitClips(store.clips));

// The model stores float32, accurate to 6e-8.
const RELATIVE = 1e-6;

/** The constant that the first node with this operation reads. */
function constantOf(model: Uint8Array, opType: string): number[] {
  const { node, initializer } = onnxProto.onnx.ModelProto.decode(model).graph!;
  const name = node!.find((each) => each.opType === opType)!.input![1];
  const { rawData } = initializer!.find((each) => each.name === name)!;
  return [...new Float32Array(Uint8Array.from(rawData!).buffer)];
}

describe("the linear baseline", () => {
  it("tells hiss, hum and tone apart by their descriptors, on clips it was not trained on", async () => {
    const model = await trainLinearBaseline(sets, { task: "single-label", engine: ENGINE, seed: 1 });
    const { scores } = await evaluateLinear(model!, sets.test, { engine: ENGINE, task: "single-label" });
    expect(mainScore(scores)).toBe(1);
    expect(scores.nClips).toBe(6);
  });

  it("standardizes every descriptor by its mean and deviation over the train split", async () => {
    const { train } = sets;
    const vectors = await readAllDescriptors(train);
    const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const model = (await trainLinearBaseline(sets, { task: "single-label", engine: ENGINE, seed: 1 }))!;
    const [mean, std] = [constantOf(model, "Sub"), constantOf(model, "Div")];
    expect([mean.length, std.length]).toEqual([vectors[0].length, vectors[0].length]);
    for (const i of vectors[0].keys()) {
      const values = vectors.map((vector) => vector[i]);
      const expected = average(values);
      const deviation = Math.sqrt(average(values.map((value) => (value - expected) ** 2)));
      expect(Math.abs(mean[i] - expected)).toBeLessThanOrEqual(RELATIVE * Math.max(...values.map(Math.abs)));
      expect(Math.abs(std[i] - (deviation + 1e-6))).toBeLessThanOrEqual(RELATIVE * std[i]);
    }
  });

  it("repeats with its seed, and differs with another", async () => {
    const [once, again, other] = await Promise.all(
      [1, 1, 2].map((seed) => trainLinearBaseline(sets, { task: "single-label", engine: ENGINE, seed })),
    );
    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
  });

  it("names a clip without descriptors", async () => {
    const { clips, reader } = store;
    const without: FrameReader = {
      ...reader,
      descriptors: async (clip) =>
        clip.name === clips[1].name ? new Float32Array() : reader.descriptors(clip),
    };
    const lacking = featureSets({ ...store, reader: without }, splitClips(clips));
    const training = trainLinearBaseline(lacking, { task: "single-label", engine: ENGINE, seed: 1 });
    await expect(training).rejects.toThrow(
      new DataError(clips[1].name, "has no descriptors, which the linear baseline reads"),
    );
  });

  it("returns null when it is stopped", async () => {
    const signal = AbortSignal.abort();
    expect(
      await trainLinearBaseline(sets, { task: "single-label", engine: ENGINE, seed: 1, signal }),
    ).toBeNull();
  });
});

describe("the linear baseline of more clips than a batch has", () => {
  // 150 training clips: two batches of 64. Each clip's first descriptor is its own number, its second its label's.
  const labels = ["bass", "flute", "harp"];
  const many = featuresInMemory(
    frontEnd({ nMels: 1 }),
    Array.from({ length: 153 }, (_, i) => ({
      name: `${i}`,
      labels: [labels[i % 3]],
      split: i < 150 ? ("train" as const) : ("valid" as const),
      features: { shape: [1, 1], data: Float32Array.of(i) },
      descriptors: Float32Array.of(i, i % 3),
    })),
  );
  const { train, valid } = featureSets(many, splitClips(many.clips, { testFraction: 0 }));

  it("reads every clip's descriptors, in the order of the clips", async () => {
    const read = await readAllDescriptors(train);
    expect(read.map((row) => [...row])).toEqual(
      train.clips.map(({ name }) => [Number(name), Number(name) % 3]),
    );
  });

  it("learns from every clip at most once an epoch, with its own label, in another order each epoch", async () => {
    const epochs: { clip: number; label: number }[][] = [];
    let steps = 0;
    const recording: Engine = {
      async open(model) {
        const session = await ENGINE.open(model);
        return {
          inputNames: session.inputNames,
          outputNames: session.outputNames,
          close: () => session.close(),
          run(feeds) {
            const { inputs, targets } = feeds;
            if (targets !== undefined) {
              if (steps++ % 2 === 0) epochs.push([]);
              for (let i = 0; i < inputs.shape[0]; i++) {
                const label = argmax(targets.data.subarray(3 * i, 3 * i + 3));
                epochs.at(-1)!.push({ clip: inputs.data[2 * i], label });
              }
            }
            return session.run(feeds);
          },
        };
      },
    };
    await trainLinearBaseline({ train, valid }, { task: "single-label", engine: recording, seed: 1 });
    expect(epochs).toHaveLength(40);
    const seen = new Set<number>();
    for (const epoch of epochs) {
      const clips = epoch.map(({ clip }) => clip);
      expect([clips.length, new Set(clips).size]).toEqual([128, 128]);
      for (const { clip, label } of epoch) expect(label).toBe(clip % 3);
      for (const clip of clips) seen.add(clip);
    }
    // A clip misses an epoch with probability 22 / 150, all 40 with 1e-33.
    expect(seen.size).toBe(150);
    expect(epochs[1]).not.toEqual(epochs[0]);
  });
});

describe("evaluateMajority", () => {
  it("always answers the most frequent training label: its balanced accuracy is 1 / (number of labels)", () => {
    const trainCounts = { hiss: 5, hum: 3, tone: 2 };
    const { scores } = evaluateMajority(sets.test, { task: "single-label" }, { trainCounts, nClips: 10 });
    expect(mainScore(scores)).toBeCloseTo(1 / 3, 12);
    expect(scores.loss).toBeCloseTo(-(Math.log(0.5) + Math.log(0.3) + Math.log(0.2)) / 3, 6);
    expect(scores.perLabel).toMatchObject({ hiss: { recall: 1 }, hum: { recall: 0 }, tone: { recall: 0 } });
  });

  it("answers a label with the fraction of training clips that have it, if clips have several", () => {
    const trainCounts = { hiss: 6, hum: 3, tone: 2 };
    const { answers } = evaluateMajority(sets.test, { task: "multi-label" }, { trainCounts, nClips: 8 });
    expect([...answers.probabilities[0]]).toEqual([0.75, 0.375, 0.25]);
    // Copies are counted for each label, but recorded as one clip.
    const copies = evaluateMajority(sets.test, { task: "multi-label" }, { trainCounts, nClips: 4 });
    expect(copies.answers.probabilities[0][0]).toBe(1);
  });

  it("answers each of several labels by its fraction of the training clips of which it is known", () => {
    const [task, nClips] = ["multi-label", 10] as const;
    const trainCounts = { hiss: 5, hum: 3, tone: 2 };
    const answersOf = (knownCounts?: Record<string, number>) =>
      [
        ...evaluateMajority(sets.test, { task }, { trainCounts, nClips, knownCounts }).answers
          .probabilities[0],
      ].map((probability) => Number(probability.toFixed(6)));
    expect(answersOf()).toEqual([0.5, 0.3, 0.2]);
    expect(answersOf({ hiss: 10, hum: 4, tone: 2 })).toEqual([0.5, 0.75, 1]);
  });
});
