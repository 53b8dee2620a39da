import { describe, expect, it } from "vitest";
import { TrainSampler } from "../../src/dataset/batches.js";
import { checkData } from "../../src/dataset/check-data.js";
import { featuresInMemory, type MemoryClip } from "../../src/dataset/feature-data.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import { labelText } from "../../src/dataset/known-labels.js";
import type { Split } from "../../src/dataset/split-names.js";
import { recordSplits, splitClips, splitsOfRecord } from "../../src/dataset/splits.js";
import { frontEnd } from "../../src/features/front-end.js";
import { splitTable } from "../../src/report/split-table.js";

/** A clip whose features are all `value`. */
const clip = (name: string, labels: string[], value: number, split: Split | null = null): MemoryClip => ({
  ...{ name, labels, split },
  features: { data: new Float32Array(4).fill(value), shape: [4, 1] },
});
const LABELLED = Array.from({ length: 40 }, (_, i) => clip(`${i}`, [i % 2 === 0 ? "bass" : "flute"], i));
const BACKGROUND = Array.from({ length: 20 }, (_, i) => clip(`noise ${i}`, [], 100 + i));
const dataOf = (...clips: MemoryClip[]) => featuresInMemory(frontEnd({ nMels: 1 }), clips);
const splitsOf = (...clips: MemoryClip[]) => splitClips(dataOf(...clips).clips, { seed: 3 });
const namesIn = (clips: readonly { name: string }[]) => clips.map(({ name }) => name);
const isNoise = ({ name }: { name: string }) => name.startsWith("noise");

describe("background clips", () => {
  const data = dataOf(...BACKGROUND, ...LABELLED);
  const splits = splitClips(data.clips, { seed: 3 });

  it("are in every split, and change nothing about where the others are", () => {
    const without = splitsOf(...LABELLED);
    for (const split of ["train", "valid", "test"] as const)
      expect(namesIn(splits[split].filter((each) => !isNoise(each)))).toEqual(namesIn(without[split]));
    expect(["train", "valid", "test"].map((split) => splits[split as Split].filter(isNoise).length)).toEqual([
      14, 3, 3,
    ]);
    expect(splitsOfRecord(data.clips, recordSplits(splits)).hash).toBe(splits.hash);
  });

  it("have the split that they name, or one that labelled clips name", () => {
    const named = LABELLED.map((each, i) => ({
      ...each,
      split: i < 30 ? ("train" as const) : ("valid" as const),
    }));
    const { train, valid, test } = splitsOf(...named, ...BACKGROUND);
    expect(train.filter(isNoise).length).toBeGreaterThan(valid.filter(isNoise).length);
    expect([valid.some(isNoise), train.length + valid.length + test.length]).toEqual([true, 60]);
    const external = splitsOf(
      ...LABELLED.map((each) => ({ ...each, split: "test" as const })),
      ...BACKGROUND,
    );
    expect([external.train.length, external.valid.length, external.test.length]).toEqual([0, 0, 60]);
    const own = splitsOf(...named, ...BACKGROUND.map((each) => ({ ...each, split: "valid" as const })));
    expect(own.valid.filter(isNoise).length).toBe(20);
  });

  it("stay where they are when named clips of another split are removed", () => {
    const named = LABELLED.map((each, i) => ({
      ...each,
      split: i < 20 ? ("train" as const) : i < 28 ? ("valid" as const) : ("test" as const),
    }));
    const whole = splitsOf(...named, ...BACKGROUND);
    expect((["train", "valid", "test"] as const).map((split) => whole[split].filter(isNoise).length)).toEqual(
      [14, 3, 3],
    );
    const fewTest = splitsOf(...named.slice(0, 30), ...BACKGROUND);
    expect([namesIn(fewTest.train), namesIn(fewTest.valid)]).toEqual([
      namesIn(whole.train),
      namesIn(whole.valid),
    ]);
  });

  it("stay in the split of a clip with the same audio, which is named as a contradiction", () => {
    const copy = clip("noise copy", [], 7);
    const copied = dataOf(...LABELLED, copy);
    const { train, valid, test } = splitClips(copied.clips, { seed: 3 });
    const [found] = [train, valid, test].filter((clips) => clips.some(isNoise));
    expect(namesIn(found)).toContain("7");
    expect(checkData(copied).find(({ code }) => code === "contradicting-copies")?.message).toBe(
      "7 labelled flute and noise copy labelled background have the same audio; correct a label, or leave both out with `dropCopies`",
    );
  });

  it("are no data to train on if there are no others", () => {
    expect(splitsOf(...BACKGROUND).train.length).toBe(14);
    const [{ message, blocks }] = checkData(dataOf(...BACKGROUND));
    expect([message, blocks]).toEqual([
      "needs at least 2 training clips and 1 validation clip, has 0 and 0; add training clips",
      true,
    ]);
  });

  it("are a set of their own, beside clips and labels", () => {
    const { train, valid } = featureSets(data, splits);
    expect(train.labels).toEqual(["bass", "flute"]);
    expect([train.clips.some(isNoise), train.background!.clips.every(isNoise)]).toEqual([false, true]);
    expect([train.background!.clips.length, valid.background!.clips.length]).toEqual([14, 3]);
    expect([...train.background!.targets(0)]).toEqual([0, 0]);
    expect(featureSets(data, splitsOf(...LABELLED)).train.background).toBeNull();
  });

  it("are named in tables", () => {
    expect(labelText({ labels: [] })).toBe("background");
    expect(splitTable(splits)).toContain("background     14      3     3   20\n");
    expect(checkData(data).filter(({ blocks }) => blocks)).toEqual([]);
  });

  it.each([
    ["uniform", 0.5],
    ["zeros", 0],
  ])("are drawn for training with the targets that are asked for, %s", async (_, backgroundTarget) => {
    const { train } = featureSets(data, splits);
    const sampler = new TrainSampler(train, { batchSize: 6, segmentFrames: 4, backgroundTarget });
    expect(sampler.stepsPerEpoch).toBe(7); // 28 clips and 14 of background
    const drawn = [];
    for (let i = 0; i < 7; i++) {
      const { inputs, targets, clips } = await sampler.next();
      for (const [k, at] of clips.entries()) {
        const isBackground = inputs[4 * k] >= 100;
        expect(isBackground).toBe(at >= 28);
        const row = [...targets.subarray(2 * k, 2 * k + 2)];
        expect(row.sort()).toEqual(isBackground ? [backgroundTarget, backgroundTarget] : [0, 1]);
        drawn.push(at);
      }
    }
    expect([...drawn].sort((a, b) => a - b)).toEqual(Array.from({ length: 42 }, (_, i) => i));
  });

  it("take turns with the labels if these are balanced", async () => {
    const { train } = featureSets(data, splits);
    const sampler = new TrainSampler(train, { batchSize: 42, segmentFrames: 4, balance: true });
    const { clips } = await sampler.next();
    expect(clips.filter((at) => at >= 28)).toHaveLength(14);
    const few = splitsOf(...LABELLED, ...BACKGROUND.slice(0, 4));
    const { train: other } = featureSets(data, few);
    const next = await new TrainSampler(other, { batchSize: 30, segmentFrames: 4, balance: true }).next();
    expect(next.clips.filter((at) => at >= 28)).toHaveLength(10); // a third, though it is 3 of 31 clips
  });
});
