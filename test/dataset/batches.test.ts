import { describe, expect, it } from "vitest";
import { type Batch, fittingBatchSize, TrainSampler } from "../../src/dataset/batches.js";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import { splitClips } from "../../src/dataset/splits.js";
import { frontEnd } from "../../src/features/front-end.js";
import { makeStore, memoryClip } from "./stored-clips.js";

/** Clip `i` has `lengths[i]` frames of one band, of values 100 * i + t. */
function trainOf(lengths: number[], labelOf: (clip: number) => string = () => "x") {
  const store = makeStore(
    1,
    lengths.map((nFrames, i) => ({
      name: `${i}`,
      label: labelOf(i),
      frames: Array.from({ length: nFrames }, (_, t) => [100 * i + t]),
    })),
  );
  return featureSets(store, { train: store.clips, valid: [], test: [], hash: "" }).train;
}

const epochOf = async (sampler: TrainSampler, epoch: number): Promise<Batch[]> => {
  sampler.startEpoch(epoch);
  const batches: Batch[] = [];
  while (batches.length < sampler.stepsPerEpoch) batches.push(await sampler.next());
  return batches;
};
const clipsOf = (batches: Batch[]) => batches.flatMap(({ clips }) => [...clips]);
const sorted = (numbers: number[]) => [...numbers].sort((a, b) => a - b);

describe("training batches", () => {
  it("hold each clip once per epoch, and fill the last batch from a second round", async () => {
    const sampler = new TrainSampler(trainOf(new Array(10).fill(5)), { batchSize: 4, segmentFrames: 3 });
    expect(sampler.stepsPerEpoch).toBe(3);
    const clips = clipsOf(await epochOf(sampler, 0));
    expect(sorted(clips.slice(0, 10))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(clips).toHaveLength(12);
  });
  it("hold consecutive frames of a clip with its targets, and silence after a short clip", async () => {
    const train = trainOf([9, 2], (clip) => ["a", "b"][clip]);
    const sampler = new TrainSampler(train, { batchSize: 2, segmentFrames: 4 });
    const starts = new Set<number>();
    for (let epoch = 0; epoch < 40; epoch++) {
      const [{ inputs, targets, clips }] = await epochOf(sampler, epoch);
      const segment = (clip: number) => [
        ...inputs.subarray(4 * clips.indexOf(clip), 4 * clips.indexOf(clip) + 4),
      ];
      const [start] = segment(0);
      starts.add(start);
      expect(segment(0)).toEqual([start, start + 1, start + 2, start + 3]);
      expect(segment(1)).toEqual([100, 101, 0, 0]);
      expect([...targets]).toEqual(clips[0] === 0 ? [1, 0, 0, 1] : [0, 1, 1, 0]);
    }
    expect(sorted([...starts])).toEqual([0, 1, 2, 3, 4, 5]);
  });
  it("are the same for the same seed and epoch, regardless of earlier batches", async () => {
    const train = trainOf(new Array(7).fill(20));
    const options = { batchSize: 3, segmentFrames: 4, seed: 11 };
    const straight = new TrainSampler(train, options);
    const first = await epochOf(straight, 0);
    const second = await epochOf(straight, 1);
    const resumed = new TrainSampler(train, options);
    resumed.startEpoch(1);
    await resumed.next();
    expect(await resumed.next()).toEqual(second[1]);
    expect(clipsOf(second)).not.toEqual(clipsOf(first));
    expect(clipsOf(await epochOf(new TrainSampler(train, { ...options, seed: 12 }), 0))).not.toEqual(
      clipsOf(first),
    );
  });
  it("hold every label equally often when balanced", async () => {
    const train = trainOf(new Array(40).fill(2), (clip) =>
      clip < 36 ? "common" : clip < 38 ? "rare" : "scarce",
    );
    const options = { batchSize: 12, segmentFrames: 2 };
    const clips = clipsOf(await epochOf(new TrainSampler(train, { ...options, balance: true }), 0));
    const count = (from: number, to: number) => clips.filter((clip) => clip >= from && clip < to).length;
    expect([count(0, 36), count(36, 38), count(38, 40)]).toEqual([16, 16, 16]);
    expect(clips.filter((clip) => clip === 36)).toHaveLength(8); // each clip of a label, too
    expect(new Set(clips.filter((clip) => clip < 36)).size).toBe(16);
  });
  it("hold a label by the clips that are known to have it, and clips without a label as those of one", async () => {
    const frames = [[0], [1]];
    const clips = Array.from({ length: 40 }, (_, i) =>
      memoryClip(`${i}`, [...frames, [i]], {
        labels: i < 20 ? ["common"] : i < 30 ? ["rare"] : [],
        unknownLabels: ["?"],
        absentLabels: ["scarce"],
      }),
    );
    const data = featuresInMemory(frontEnd({ nMels: 1 }), clips);
    const { train } = featureSets(data, splitClips(data.clips, { validFraction: 0, testFraction: 0 }));
    const sampler = new TrainSampler(train, { batchSize: 30, segmentFrames: 2, balance: true });
    const drawn = clipsOf(await epochOf(sampler, 0)).map((clip) => train.clips[clip].labels[0]);
    expect(["common", "rare", undefined].map((label) => drawn.filter((one) => one === label).length)).toEqual(
      [20, 20, 20],
    );
  });
  it("cannot be drawn from other splits or with a batch size of 0", async () => {
    const train = trainOf([3]);
    expect(() => new TrainSampler(train, { batchSize: 0, segmentFrames: 3 })).toThrow(
      "batchSize must be an integer of at least 1, got 0",
    );
    const store = makeStore(1, [{ name: "a", label: "x", frames: [[1]] }]);
    const { valid } = featureSets(store, { train: [], valid: store.clips, test: [], hash: "" });
    // @ts-expect-error the validation split is not trained on
    expect(() => new TrainSampler(valid, { batchSize: 1, segmentFrames: 1 })).toThrow(
      "train must be the FeatureSet of the train split, got valid",
    );
  });
});

describe("training batches of clips with two bands", () => {
  /** Clip `i` has `lengths[i]` frames [100 * i + t, 10 + t]. */
  const train = (lengths: number[], labels?: string[]) => {
    const clips = lengths.map((nFrames, i) => ({
      name: `${i}`,
      label: "ab"[i % 2],
      frames: Array.from({ length: nFrames }, (_, t) => [100 * i + t, 10 + t]),
    }));
    const store = makeStore(2, clips);
    return featureSets(store, { train: store.clips, valid: [], test: [], hash: "" }, labels).train;
  };

  it("hold every band of every frame", async () => {
    const sampler = new TrainSampler(train([2, 2, 2]), { batchSize: 3, segmentFrames: 2 });
    const [{ inputs, clips }] = await epochOf(sampler, 0);
    expect([...inputs]).toEqual([...clips].flatMap((clip) => [100 * clip, 10, 100 * clip + 1, 11]));
  });
  it.each([
    [{}, [305, 203, 102, 436, 0, 429]],
    [{ balance: true }, [102, 406, 304, 221, 0, 110]],
  ])("do not change, so that old runs can be resumed: %j", async (options, expected) => {
    const sets = train([4, 20, 30, 40, 50]); // the first clip is as long as a segment
    const sampler = new TrainSampler(sets, { batchSize: 2, segmentFrames: 4, seed: 3, ...options });
    // The first number of a segment identifies its clip and its first frame.
    const starts = (await epochOf(sampler, 2)).flatMap(({ inputs }) => [inputs[0], inputs[8]]);
    expect(starts).toEqual(expected);
  });
  it("are those of epoch 0 and seed 0 where neither is given", async () => {
    const sets = train([20, 30, 40]);
    const options = { batchSize: 3, segmentFrames: 4 };
    const first = await epochOf(new TrainSampler(sets, { ...options, seed: 0 }), 0);
    expect(await new TrainSampler(sets, options).next()).toEqual(first[0]);
  });
  it("pass over a label that no clip has when balanced", async () => {
    const sets = train([5, 5], ["a", "b", "c"]);
    const sampler = new TrainSampler(sets, { batchSize: 4, segmentFrames: 2, balance: true });
    expect(sorted(clipsOf(await epochOf(sampler, 0)))).toEqual([0, 0, 1, 1]);
  });
  it("cannot be drawn with segments without a frame, or with invalid seeds and epochs", () => {
    const sets = train([5]);
    const sampler = (options: object) =>
      new TrainSampler(sets, { batchSize: 1, segmentFrames: 2, ...options });
    expect(() => sampler({ segmentFrames: 0 })).toThrow(
      "segmentFrames must be an integer of at least 1, got 0",
    );
    expect(() => sampler({ seed: 0.5 })).toThrow("seed must be an integer, got 0.5");
    expect(() => sampler({}).startEpoch(-1)).toThrow("epoch must be an integer of at least 0, got -1");
  });
});

it.each([
  [32, 1000, 32],
  [32, 128, 32],
  [32, 127, 31],
  [32, 9, 2],
  [32, 1, 2],
  [1, 1000, 1],
])("for a wanted batch size of %i and %i clips, the batch size is %i", (wanted, nClips, expected) => {
  expect(fittingBatchSize(wanted, nClips)).toBe(expected);
});
