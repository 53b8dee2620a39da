import { describe, expect, it } from "vitest";
import { ClipNovelty } from "../../src/tagging/novelty.js";

const noveltyOf = (...segments: number[]) => {
  const clip = new ClipNovelty();
  for (const novelty of segments) clip.add(novelty, 1);
  return clip.value;
};

describe("ClipNovelty", () => {
  it("weighs its segments, or counts them all if none has a weight", () => {
    const clip = new ClipNovelty();
    clip.add(-50, 0);
    clip.add(-48, 0);
    expect(clip.value).toBeCloseTo(-Math.log((Math.exp(50) + Math.exp(48)) / 2), 9);
    for (const [novelty, weight] of [
      [1, 2],
      [-900, 0],
      [3, 0.5],
    ])
      clip.add(novelty, weight);
    expect(clip.value).toBeCloseTo(-Math.log((2 * Math.exp(-1) + 0.5 * Math.exp(-3)) / 2.5), 12);
  });
  it("is minus the logarithm of the mean of exp(-novelty), in any order", () => {
    const expected = -Math.log((Math.exp(-1) + Math.exp(-3) + Math.exp(2)) / 3);
    for (const order of [
      [1, 3, -2],
      [-2, 1, 3],
      [3, -2, 1],
    ])
      expect(noveltyOf(...order)).toBeCloseTo(expected, 12);
    expect(noveltyOf(1.5)).toBe(1.5);
  });
  it("does not overflow", () => {
    expect(noveltyOf(2000, 1000)).toBeCloseTo(1000 + Math.log(2), 9);
    expect(noveltyOf(-2000, 1000)).toBeCloseTo(-2000 + Math.log(2), 9);
  });
  it("stays low where most of a clip is silence", () => {
    expect(noveltyOf(0, ...Array<number>(9).fill(50))).toBeCloseTo(Math.log(10), 9);
  });
});
