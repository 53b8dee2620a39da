import { describe, expect, it } from "vitest";
import { paired } from "../../../src/lab/page/paired.js";
import fixture from "./fixtures/paired.json" with { type: "json" };

/** Fraction of the interval's half width: Student's t is a table of three decimals, and above 12 a formula. */
const TOLERANCE = 0.002;

describe("paired", () => {
  it("has the same interval as SciPy", () => {
    for (const { a, b, interval } of fixture.cases) {
      const [low, high] = interval;
      const found = paired(a, b).interval;
      found.forEach((end, i) => {
        expect(Math.abs(end - interval[i])).toBeLessThan((TOLERANCE * (high - low)) / 2);
      });
    }
  });
  it("a difference is distinct if its interval excludes 0", () => {
    expect(paired([1, 2, 3], [2, 3.1, 3.9]).isDistinct).toBe(true);
    expect(paired([2, 3.1, 3.9], [1, 2, 3]).isDistinct).toBe(true);
    expect(paired([1, 2, 3], [2, 1, 3.9]).isDistinct).toBe(false);
    expect(paired([1, 2, 3], [1, 2, 3]).isDistinct).toBe(false);
  });
  it("one pair has no standard error and is not distinct", () => {
    expect(paired([1], [2])).toMatchObject({ mean: 1, standardError: Number.NaN, isDistinct: false });
  });
});
