import { beforeAll, describe, expect, it } from "vitest";
import { sizeOf } from "../../src/core/tensor.js";
import { type LabBench, labBench } from "../../src/lab/bench.js";
import { initialization } from "../../src/lab/initialization.js";
import type { VarianceDraw } from "../../src/lab/results.js";
import { ENGINE } from "../engine.js";
import { makeTinyStore } from "../training/tiny-store.js";

/** Relative standard error of the variance of 1e5 normal numbers: sqrt(2 / 1e5). */
const STANDARD_ERROR = 0.0045;

let bench: LabBench;
let draws: readonly VarianceDraw[];

beforeAll(async () => {
  bench = await labBench(await makeTinyStore(), { seed: 1, isQuick: true, engine: ENGINE });
  ({ draws } = await initialization(bench));
});

describe("the variance of initial weights", () => {
  it("is what the initializer's paper says, by formula and as measured", () => {
    for (const { init, shape, fanIn, fanOut, variance, measured } of draws) {
      const [out, into, ...kernel] = shape;
      expect([fanIn, fanOut]).toEqual([into * sizeOf(kernel), out * sizeOf(kernel)]);
      const expected = init.startsWith("glorot")
        ? 2 / (fanIn + fanOut)
        : (init.startsWith("he") ? 2 : 1) / fanIn;
      expect(variance).toBeCloseTo(expected, 12);
      expect(Math.abs(measured / expected - 1)).toBeLessThan(5 * STANDARD_ERROR);
      expect(measured).not.toBe(expected);
    }
  });

  it("covers 2-D kernels, 1-D kernels and dense weights with each of six initializers", () => {
    const shapes = [...new Set(draws.map(({ shape }) => shape.join()))];
    expect(draws).toHaveLength(6 * shapes.length);
    expect(new Set(draws.map(({ shape }) => shape.length))).toEqual(new Set([2, 3, 4]));
    // The first kernel of the 1-D net reads the store's 16 bands.
    expect(shapes).toContain("32,16,8");
  });

  it("is the same for the same seed, and differs for another seed", async () => {
    expect((await initialization(bench)).draws).toEqual(draws);
    expect((await initialization({ ...bench, seed: 2 })).draws).not.toEqual(draws);
  });
});
