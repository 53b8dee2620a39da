import { describe, expect, it } from "vitest";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import { splitClips } from "../../src/dataset/splits.js";
import { frontEnd, silenceValue } from "../../src/features/front-end.js";
import { messageOf } from "../store/message-of.js";
import { memoryClip } from "./stored-clips.js";

const made = frontEnd({ nMels: 2, sampleRate: 22050, hopLength: 512 });
const A = [
  [1, 2],
  [3, 4],
  [5, 6],
];

describe("features in memory", () => {
  it("are clips with a length, a hash of their own, and no split of their own", () => {
    const { name, clips, frontEndHash } = featuresInMemory(made, [
      memoryClip("a", A, { labels: ["x", "y"] }),
      memoryClip("b", [[7, 8]], { split: "test", group: "album" }),
    ]);
    expect(name).toBe("features in memory");
    expect(frontEndHash).toMatch(/^[0-9a-f]{64}$/);
    expect(clips[0]).toMatchObject({ name: "a", labels: ["x", "y"], split: null, nFrames: 3 });
    expect(clips[0].group).toBe(clips[0].audioHash);
    expect(clips[0].durationSec).toBeCloseTo((3 * 512) / 22050, 12);
    expect(clips[1]).toMatchObject({ split: "test", group: "album", nFrames: 1 });
    expect(clips[1].audioHash).not.toBe(clips[0].audioHash);
  });

  it("are read like those of a store, silence after the end", async () => {
    const data = featuresInMemory(made, [memoryClip("a", A, { descriptors: Float32Array.of(9) })]);
    const { train } = featureSets(data, splitClips(data.clips, { validFraction: 0, testFraction: 0 }));
    const out = new Float32Array(7).fill(-1);
    await train.readFrames(0, 1, 3, out, 1);
    const silence = silenceValue(made);
    expect([...out]).toEqual([-1, 3, 4, 5, 6, silence, silence]);
    expect([...(await train.readDescriptors(0))]).toEqual([9]);
  });

  it("keep copies together, whatever groups they name", () => {
    const { clips } = featuresInMemory(made, [
      memoryClip("a", A, { group: "one" }),
      memoryClip("copy", A, { group: "two" }),
      memoryClip("b", [[7, 8]], { group: "two" }),
    ]);
    expect(new Set(clips.map(({ group }) => group)).size).toBe(1);
  });

  it.each([
    ["another number of bands", [1, 3]],
    ["no frame", [0, 2]],
    ["a flat list of values", [4]],
  ])("are checked: %s", (_, shape) => {
    const features = { shape, data: new Float32Array(shape.reduce((size, dim) => size * dim)) };
    const message = messageOf(() => featuresInMemory(made, [{ name: "odd", labels: ["x"], features }]));
    expect(message).toContain("odd");
    expect(message).toContain("[nFrames, 2]");
    expect(message).toContain(`[${shape.join(", ")}]`);
  });
});
