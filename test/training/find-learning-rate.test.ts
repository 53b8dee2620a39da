import { readdirSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/runtime/engine.js";
import type { FeatureStore } from "../../src/store/store.js";
import {
  findLearningRate,
  RANGE,
  type RangeStep,
  type RangeTest,
  rateOf,
  suggestRates,
} from "../../src/training/find-learning-rate.js";
import { trainModel } from "../../src/training/train-model.js";
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
  it("draws the run's batches and dropout, epoch after epoch, while the rate is too small to change the weights", async () => {
    const losses: number[] = [];
    const settings = { ...config, epochs: 2, learningRate: 1e-6, schedule: { kind: "constant" } as const };
    await trainModel(store, settings, { engine: ENGINE, onStep: ({ loss }) => void losses.push(loss) });
    expect(losses).toHaveLength(10);
    // Ten steps at rates from 1e-6 to 2e-6 change the loss by about 1e-4; other batches change it by about 0.1.
    for (const [i, loss] of losses.entries()) expect(Math.abs(test.steps[i].loss - loss)).toBeLessThan(1e-3);
  });
  it("stops at its signal while it fits statistics", async () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    const steps: number[] = [];
    const stopped = findLearningRate(store, config, {
      engine: ENGINE,
      signal: controller.signal,
      onStep: (done) => steps.push(done),
    });
    await expect(stopped).rejects.toThrow(/aborted/);
    expect(steps).toEqual([]);
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

describe("findLearningRate with a net whose losses are given", () => {
  /** The range test of a net with this loss at every step; steps count from 0. */
  async function testOf(lossAt: (step: number) => number) {
    let step = 0;
    const engine: Engine = {
      async open(model) {
        const session = await ENGINE.open(model);
        return {
          inputNames: session.inputNames,
          outputNames: session.outputNames,
          close: () => session.close(),
          async run(feeds) {
            const loss = { shape: [], data: Float32Array.of(lossAt(step++)) };
            return { ...(await session.run(feeds)), loss };
          },
        };
      },
    };
    const seen: unknown[] = [];
    const onStep = (done: number, { learningRate, loss }: RangeStep) =>
      void seen.push([done, learningRate, loss]);
    return { result: (await findLearningRate(store, config, { engine, onStep }))!, seen };
  }

  it("finishes at the largest rate, and reports every step", async () => {
    const { result, seen } = await testOf(() => 2);
    expect([result.ended, result.steps.length]).toEqual(["finished", 200]);
    expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => [i + 1, rateOf(i), 2]));
  });
  it("ends at the first loss that is not finite, and keeps the steps before it", async () => {
    const { result } = await testOf((step) => (step < 30 ? 2 : Number.NaN));
    expect([result.ended, result.steps.length]).toEqual(["diverged", 30]);
  });
  it("ends after the step that brings the smoothed loss above 4 times its lowest value", async () => {
    // From 1 the average goes to 1 + 30 * 0.1 = 4, and to 4.01 with 30.1.
    expect((await testOf((step) => (step === 100 ? 30.9 : 1))).result.steps).toHaveLength(200);
    expect((await testOf((step) => (step === 100 ? 31.2 : 1))).result.steps).toHaveLength(101);
  });
  it("names initial weights whose first loss is not finite", async () => {
    await expect(testOf(() => Number.NaN)).rejects.toThrow(
      "net.init must give a finite loss before the first step, got NaN; use other initial weights",
    );
  });
});

describe("suggestRates", () => {
  /** Steps whose smoothed loss is a line between these points [step, loss]. */
  const stepsThrough = (...points: [step: number, loss: number][]) =>
    Array.from({ length: RANGE.steps }, (_, i) => {
      const next = Math.max(
        points.findIndex(([step]) => step >= i),
        1,
      );
      const [[x0, y0], [x1, y1]] = [points[next - 1], points[next]];
      const smoothedLoss = y0 + ((y1 - y0) * (i - x0)) / (x1 - x0);
      return { learningRate: rateOf(i), loss: smoothedLoss, smoothedLoss };
    });

  it("finds the middle of the 15 steps with the largest fall, after the first 20 steps", () => {
    // The fall of the first 20 steps is the largest, but does not count.
    const steps = stepsThrough([0, 90], [20, 3], [60, 2.9], [74, 1.5], [120, 1], [199, 2]);
    expect(suggestRates(steps)).toEqual({ steepest: rateOf(67), tenthOfLowest: rateOf(120) / 10 });
  });
  it("finds a fall that ends at the lowest loss", () => {
    const steps = stepsThrough([0, 3], [86, 2.9], [100, 1], [199, 2]);
    expect(suggestRates(steps)).toEqual({ steepest: rateOf(93), tenthOfLowest: rateOf(100) / 10 });
  });
  it("measures a hill by the fall before the lowest loss, not by the rise after it", () => {
    const steps = stepsThrough([0, 3], [60, 2], [90, 2.8], [130, 1], [199, 8]);
    expect(suggestRates(steps).tenthOfLowest).toBe(rateOf(60) / 10);
  });
  it("crosses a hill lower than a quarter of the whole fall", () => {
    const steps = stepsThrough([0, 3], [60, 2], [90, 2.4], [130, 1], [199, 2]);
    expect(suggestRates(steps).tenthOfLowest).toBe(rateOf(130) / 10);
  });

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
