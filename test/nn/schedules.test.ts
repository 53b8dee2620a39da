import { describe, expect, it } from "vitest";
import { learningRateFactor } from "../../src/nn/schedules.js";
import fixture from "./fixtures/torch-plateau.json" with { type: "json" };

describe("learningRateFactor", () => {
  it("stays at 1 for constant", () => {
    expect(learningRateFactor({ kind: "constant" }, 0.9, [1, 0, 0, 0])).toBe(1);
  });

  it.each([
    [0, 1],
    [1 / 4, (2 + Math.SQRT2) / 4],
    [1 / 3, 3 / 4],
    [1 / 2, 1 / 2],
    [2 / 3, 1 / 4],
    [1, 0],
  ])("goes down half a cosine: %f of the way gives %f", (progress, factor) => {
    expect(learningRateFactor({ kind: "cosine", warmUp: 0 }, progress, [])).toBeCloseTo(factor, 12);
  });

  it.each([
    [0, 0],
    [0.05, 0.25],
    [0.2, 1],
    [0.6, 0.5],
    [1, 0],
  ])("warms up first, over a fifth: %f of the way gives %f", (progress, factor) => {
    expect(learningRateFactor({ kind: "cosine", warmUp: 0.2 }, progress, [])).toBeCloseTo(factor, 12);
  });

  it.each(fixture.cases)("plateau of factor $factor and patience $patience is PyTorch's", (each) => {
    const { factor, patience, scores, factors } = each;
    factors.forEach((expected, done) => {
      const found = learningRateFactor({ kind: "plateau", factor, patience }, 0, scores.slice(0, done));
      expect(found, `after ${done} epochs`).toBeCloseTo(expected, 12);
    });
  });
});
