import { describe, expect, it } from "vitest";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import type { FrameReader } from "../../src/dataset/frame-reader.js";
import { joinGroups } from "../../src/dataset/groups.js";
import { frontEnd } from "../../src/features/front-end.js";
import { messageOf } from "../store/message-of.js";
import { memoryClip } from "./stored-clips.js";

const made = frontEnd({ sampleRate: 8000, hopLength: 400, nMels: 2 });
const frames = (nFrames: number) => Array.from({ length: nFrames }, (_, t) => [10 * t, 10 * t + 1]);

describe("features in memory", () => {
  it("list their clips with what is known of them", () => {
    const { name, clips } = featuresInMemory(made, [
      memoryClip("a", frames(3), { group: "g", split: "valid" }),
      memoryClip("b", frames(2)),
    ]);
    expect(name).toBe("features in memory");
    expect(clips).toMatchObject([
      { name: "a", labels: ["x"], group: "g", split: "valid", nFrames: 3, durationSec: 0.15 },
      { name: "b", labels: ["x"], group: clips[1].audioHash, split: null, nFrames: 2, durationSec: 0.1 },
    ]);
  });
  it("are read frame by frame, with silence after the last", async () => {
    const descriptors = Float32Array.of(7, 8);
    const data = featuresInMemory(made, [
      memoryClip("a", frames(1)),
      memoryClip("b", frames(4), { descriptors }),
    ]);
    const { train } = featureSets(data, { train: [...data.clips], valid: [], test: [], hash: "" });
    const out = new Float32Array(10).fill(-1);
    await train.readFrames(1, 2, 3, out, 2);
    expect([...out]).toEqual([-1, -1, 20, 21, 30, 31, 0, 0, -1, -1]);
    expect(await train.readDescriptors(1)).toEqual(descriptors);
  });
  it("are not asked for frames past the end of a clip", async () => {
    const data = featuresInMemory(made, [memoryClip("a", frames(4))]);
    const asked: number[][] = [];
    const read: FrameReader["read"] = async (_clip, first, count) => void asked.push([first, count]);
    const splits = { train: [...data.clips], valid: [], test: [], hash: "" };
    const { train } = featureSets({ ...data, reader: { ...data.reader, read } }, splits);
    for (const first of [1, 3, 4, 5]) await train.readFrames(0, first, 2, new Float32Array(4), 0);
    expect(asked).toEqual([
      [1, 2],
      [3, 1],
    ]);
  });
  it("take clips of equal features for copies, which stay in one group", () => {
    const { clips } = featuresInMemory(made, [
      memoryClip("a", frames(3), { group: "h" }),
      memoryClip("b", frames(3), { group: "g" }),
      memoryClip("c", frames(3)),
      memoryClip("d", frames(4)),
    ]);
    const joined = joinGroups(clips);
    expect(new Set(joined.slice(0, 3).map(({ group }) => group)).size).toBe(1);
    expect(joined[3].group).not.toBe(joined[0].group);
  });
  it.each([[[2]], [[0, 2]], [[1, 3]], [[1, 2, 1]]])("are rejected with shape %j", (shape) => {
    const data = new Float32Array(shape.reduce((size, dim) => size * dim));
    const clips = [memoryClip("a", frames(1)), memoryClip("b", frames(1), { features: { data, shape } })];
    expect(messageOf(() => featuresInMemory(made, clips))).toBe(
      `clips[1].features must have shape [nFrames, 2], got [${shape.join(", ")}] for b`,
    );
  });
  it("keep the descriptors that one of two copies has", async () => {
    const descriptors = Float32Array.of(7, 8);
    for (const order of [0, 1]) {
      const clips = [memoryClip("a", frames(1), { descriptors }), memoryClip("b", frames(1))];
      const { clips: listed, reader } = featuresInMemory(made, order === 0 ? clips : clips.reverse());
      for (const clip of listed) expect(await reader.descriptors(clip)).toEqual(descriptors);
    }
  });
  it.each([Number.NaN, Number.POSITIVE_INFINITY])("are rejected with %s among them", (bad) => {
    expect(messageOf(() => featuresInMemory(made, [memoryClip("a", [[1, bad]])]))).toBe(
      "clips[0].features must hold finite numbers, got some that are not for a",
    );
    const descriptors = Float32Array.of(bad);
    expect(messageOf(() => featuresInMemory(made, [memoryClip("a", [[1, 2]], { descriptors })]))).toBe(
      "clips[0].descriptors must hold finite numbers, got some that are not for a",
    );
  });
  it("are rejected if no label is known", () => {
    const clips = [memoryClip("a", frames(1), { labels: [], unknownLabels: ["b"] })];
    expect(messageOf(() => featuresInMemory(made, clips))).toBe(
      "clips[0].labels must have at least one label beside those that are unknown, got none for a",
    );
  });
  it("are rejected with a label that no model could hold", () => {
    const clips = [memoryClip("a", frames(1), { labels: ["ok", "x".repeat(1001)] })];
    expect(messageOf(() => featuresInMemory(made, clips))).toBe(
      "clips[0].labels must have at most 1000 characters each, got one of 1001 for a",
    );
  });
  it("may be views of one buffer", async () => {
    const all = Float32Array.of(1, 2, 3, 4);
    const clips = [0, 2].map((start) => {
      const features = { shape: [1, 2], data: all.subarray(start, start + 2) };
      return { name: `${start}`, labels: ["x"], features };
    });
    const { clips: listed, reader } = featuresInMemory(made, clips);
    expect(listed[0].audioHash).not.toBe(listed[1].audioHash);
    const out = new Float32Array(2);
    await reader.read(listed[0], 0, 1, out, 0);
    expect([...out]).toEqual([1, 2]);
  });
});
