import { describe, expect, it } from "vitest";
import { learningRateFactor, type ScheduleConfig } from "../../src/nn/schedules.js";
import fixture from "./fixtures/torch-schedules.json" with { type: "json" };

/** Decimals that must agree. PyTorch multiplies the rate from step to step, and its warm-up starts at 1e-15. */
const DECIMALS = 12;

const cases = fixture.cases.map((each) => ({ ...each, schedule: each.schedule as ScheduleConfig }));

/** Epochs with these scores and the same loss. */
const scored = (scores: readonly number[]) => scores.map((score) => ({ score, loss: 1 }));

describe("learningRateFactor", () => {
  it("stays at 1 for constant", () => {
    expect(learningRateFactor({ kind: "constant" }, 0.9, scored([1, 0, 0, 0]))).toBe(1);
  });

  it.each([
    [0, 1],
    [1 / 4, (2 + Math.SQRT2) / 4],
    [1 / 3, 3 / 4],
    [1 / 2, 1 / 2],
    [2 / 3, 1 / 4],
    [1, 0],
  ])("goes down half a cosine: %f of the way gives %f", (progress, factor) => {
    expect(learningRateFactor({ kind: "cosine" }, progress, [])).toBeCloseTo(factor, DECIMALS);
  });

  it.each([
    [0, 0],
    [0.05, 0.25],
    [0.2, 1],
    [0.6, 0.5],
    [1, 0],
  ])("warms up over the first fifth: %f of the way gives %f", (progress, factor) => {
    expect(learningRateFactor({ kind: "cosine", warmUp: 0.2 }, progress, [])).toBeCloseTo(factor, DECIMALS);
  });

  it.each([
    [0, 0.1],
    [0.1, 0.55],
    [0.2, 1],
    [0.6, 0.505],
    [1, 0.01],
  ])("one-cycle goes up to its peak and down: %f of the way gives %f", (progress, factor) => {
    const schedule = { kind: "one-cycle", peakAt: 0.2, startFactor: 0.1, endFactor: 0.01 } as const;
    expect(learningRateFactor(schedule, progress, [])).toBeCloseTo(factor, DECIMALS);
  });

  it("counts an epoch of the same score and a lower loss as better, for plateau", () => {
    const schedule = { kind: "plateau", factor: 0.5, patience: 1 } as const;
    const factor = (losses: number[]) =>
      learningRateFactor(
        schedule,
        0.5,
        losses.map((loss) => ({ score: 1, loss })),
      );
    expect(factor([0.3, 0.2, 0.1])).toBe(1);
    expect(factor([0.3, 0.3, 0.3])).toBe(0.5);
  });

  it.each(cases.map((each) => [JSON.stringify(each.schedule), each] as const))(
    "equals PyTorch's at every step: %s",
    (_name, { schedule, stepsPerEpoch, total, scores, factors }) => {
      factors.forEach((expected, step) => {
        const done = scored(scores.slice(0, Math.floor(step / stepsPerEpoch)));
        const found = learningRateFactor(schedule, step / total, done);
        expect(found, `step ${step}`).toBeCloseTo(expected, DECIMALS);
      });
    },
  );
});
