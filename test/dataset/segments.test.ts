import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { hopStarts, randomStart, segmentStarts } from "../../src/dataset/segments.js";

describe("segments", () => {
  it("are one for a short clip, else the fewest that cover the clip", () => {
    expect(segmentStarts(3, 10)).toEqual([0]);
    expect(segmentStarts(10, 10)).toEqual([0]);
    expect(segmentStarts(11, 10)).toEqual([0, 1]);
    expect(segmentStarts(25, 10)).toEqual([0, 8, 15]);
    expect(segmentStarts(30, 10)).toEqual([0, 10, 20]);
  });
  it("leave no frame out and end with the clip", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 60 }),
        (nFrames, segmentFrames) => {
          const starts = segmentStarts(nFrames, segmentFrames);
          const covered = new Set(
            starts.flatMap((start) => Array.from({ length: segmentFrames }, (_, i) => start + i)),
          );
          for (let t = 0; t < nFrames; t++) expect(covered.has(t)).toBe(true);
          expect(starts[starts.length - 1]).toBe(Math.max(0, nFrames - segmentFrames));
        },
      ),
    );
  });
  it("start anywhere inside the clip when drawn, including the last position", () => {
    const random = new Random(1);
    const drawn = new Set(Array.from({ length: 200 }, () => randomStart(13, 10, random)));
    expect([...drawn].sort()).toEqual([0, 1, 2, 3]);
    expect(randomStart(10, 10, random)).toBe(0);
    expect(randomStart(4, 10, random)).toBe(0);
  });
  it.each([
    [3, 10, 4, [0]],
    [10, 10, 4, [0]],
    [25, 10, 4, [0, 4, 8, 12, 15]], // the last ends with the clip
    [26, 10, 4, [0, 4, 8, 12, 16]],
    [25, 10, 10, [0, 10, 15]],
    [20, 5, 2.5, [0, 3, 5, 8, 10, 13, 15]], // rounded one by one: no drift
    [25, 5, 8, [0, 8, 16, 20]],
    [12, 5, 8, [0, 7]],
    [8, 5, 8, [0]], // the rest is between two segments
  ])("of a clip of %i frames, %i each, begin every %d frames", (nFrames, segmentFrames, hop, starts) => {
    expect(hopStarts(nFrames, segmentFrames, hop)).toEqual(starts);
  });
});
