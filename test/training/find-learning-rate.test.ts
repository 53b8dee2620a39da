import { readdirSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { FeatureStore } from "../../src/store/store.js";
import {
  findLearningRate,
  RANGE,
  type RangeTest,
  rateOf,
  suggestRates,
} from "../../src/training/find-learning-rate.js";
import { ENGINE } from "../engine.js";
import { makeTinyStore, tinyConfig } from "./tiny-store.js";

/** Fraction that the moving average keeps, as in the docblock. */
const SMOOTHING = 0.9;

let store: FeatureStore;
let test: RangeTest;
const config = tinyConfig({ augment: 0 });
beforeAll(async () => {
  store = await makeTinyStore();
  test = (await findLearningRate(store, config, { engine: ENGINE }))!;
});

describe("findLearningRate", () => {
  it("tries rates from 1e-6 to 10 in equal factors", () => {
    expect([rateOf(0), rateOf(RANGE.steps - 1)]).toEqual([1e-6, expect.closeTo(10, 10)]);
    const rates = test.steps.map(({ learningRate }) => learningRate);
    for (const [i, rate] of rates.entries())
      if (i > 0) expect(rate / rates[i - 1]).toBeCloseTo(1e7 ** (1 / 199), 10);
  });
  it("stops when the net diverges, and suggests lower rates at which it learns", () => {
    const { steps, ended, suggested } = test;
    const last = steps[steps.length - 1];
    expect(ended).toBe("diverged");
    expect(steps.length).toBeLessThan(RANGE.steps);
    expect(suggested.steepest).toBeGreaterThan(1e-4);
    expect(suggested.steepest).toBeLessThan(last.learningRate / 2);
    expect(suggested.tenthOfLowest).toBeLessThan(last.learningRate / 10);
  });
  it("smooths the loss, corrected for the average's start at 0", () => {
    test.steps.forEach(({ smoothedLoss }, t) => {
      const weights = test.steps.slice(0, t + 1).map((_, i) => SMOOTHING ** (t - i));
      const weighted = weights.reduce((sum, weight, i) => sum + weight * test.steps[i].loss, 0);
      expect(smoothedLoss).toBeCloseTo(weighted / weights.reduce((a, b) => a + b), 10);
    });
  });
  it("repeats to the bit with its seed, and differs with another", async () => {
    expect(await findLearningRate(store, config, { engine: ENGINE })).toEqual(test);
    const other = await findLearningRate(store, { ...config, seed: 2 }, { engine: ENGINE });
    expect(other?.steps[0].loss).not.toBe(test.steps[0].loss);
  });
  it("begins as the run would: its first loss equals the run's first loss", async () => {
    const { trainTagger } = await import("../../src/training/train-tagger.js");
    const { makeFolder } = await import("../store/files.js");
    const losses: number[] = [];
    const onStep = ({ loss }: { loss: number }) => void losses.push(loss);
    await trainTagger(store, makeFolder(), { config: { ...config, epochs: 1 }, engine: ENGINE, onStep });
    expect(test.steps[0].loss).toBe(losses[0]);
  });
  it("stops at its signal and writes nothing", async () => {
    const before = readdirSync(store.dir, { recursive: true });
    const controller = new AbortController();
    const seen: number[] = [];
    const stopped = await findLearningRate(store, config, {
      engine: ENGINE,
      signal: controller.signal,
      onStep: (done) => {
        seen.push(done);
        if (done === 3) controller.abort();
      },
    });
    expect([stopped, seen]).toEqual([null, [1, 2, 3]]);
    expect(readdirSync(store.dir, { recursive: true })).toEqual(before);
  });
});

describe("suggestRates", () => {
  /** Steps whose smoothed loss is this function of the rate's decade, -6 to 1. */
  const stepsOf = (loss: (decade: number) => number) =>
    Array.from({ length: RANGE.steps }, (_, i) => {
      const smoothedLoss = loss(Math.log10(rateOf(i)));
      return { learningRate: rateOf(i), loss: smoothedLoss, smoothedLoss };
    });

  it("finds where a smooth loss falls fastest, and a tenth of where it is lowest", () => {
    // Falls along a logistic curve around 1e-3, and rises along a parabola from 1e-1 on.
    const steps = stepsOf((x) => 1 + 2 / (1 + Math.exp(4 * (x + 3))) + 3 * Math.max(0, x + 1) ** 2);
    const { steepest, tenthOfLowest } = suggestRates(steps);
    expect(steepest! / 1e-3).toBeCloseTo(1, 0);
    expect(tenthOfLowest! / 1e-2).toBeGreaterThan(0.8);
    expect(tenthOfLowest! / 1e-2).toBeLessThan(1.25);
  });
  it("stays in the first valley, though the second is deeper and steeper", () => {
    const valley = (x: number, centre: number, depth: number) => depth * Math.exp(-((x - centre) ** 2) * 2);
    const { steepest, tenthOfLowest } = suggestRates(stepsOf((x) => 3 - valley(x, -3, 1) - valley(x, 0, 2)));
    expect(tenthOfLowest).toBeGreaterThan(5e-5);
    expect(tenthOfLowest).toBeLessThan(2e-4);
    expect(steepest).toBeLessThan(1e-3);
  });
  it("suggests nothing if the loss only rises, or after too few steps", () => {
    const nothing = { steepest: null, tenthOfLowest: null };
    expect(suggestRates(stepsOf((x) => 10 + x))).toEqual(nothing);
    expect(suggestRates(stepsOf(() => 1).slice(0, 20))).toEqual(nothing);
    expect(suggestRates([])).toEqual(nothing);
  });
  it("looks past a noisy start", () => {
    const steps = stepsOf(
      (x) => 3 - 2 / (1 + Math.exp(-3 * (x + 3))) + (x < -4 ? 0.1 * Math.sin(40 * x) : 0),
    );
    expect(suggestRates(steps).steepest! / 1e-3).toBeCloseTo(1, 0);
  });
});
