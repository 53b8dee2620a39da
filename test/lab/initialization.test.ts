import { beforeAll, describe, expect, it } from "vitest";
import { sizeOf } from "../../src/core/tensor.js";
import { type LabBench, labBench } from "../../src/lab/bench.js";
import { initialization } from "../../src/lab/initialization.js";
import type { VarianceDraw } from "../../src/lab/results.js";
import { ENGINE } from "../engine.js";
import { makeTinyStore } from "../training/tiny-store.js";

/** Standard error of the variance of 1e5 normal numbers, relative: sqrt(2 / 1e5). */
const STANDARD_ERROR = 0.0045;

let bench: LabBench;
let draws: readonly VarianceDraw[];

beforeAll(async () => {
  bench = await labBench(await makeTinyStore(), { seed: 1, isQuick: true, engine: ENGINE });
  ({ draws } = await initialization(bench));
});

describe("the variance law, measured", () => {
  it("is what its paper says, and what is drawn", () => {
    for (const { init, shape, fanIn, fanOut, variance, measured } of draws) {
      const [out, into, ...kernel] = shape;
      expect([fanIn, fanOut]).toEqual([into * sizeOf(kernel), out * sizeOf(kernel)]);
      const law = init.startsWith("glorot") ? 2 / (fanIn + fanOut) : (init.startsWith("he") ? 2 : 1) / fanIn;
      expect(variance).toBeCloseTo(law, 12);
      expect(Math.abs(measured / law - 1)).toBeLessThan(5 * STANDARD_ERROR);
      expect(measured).not.toBe(law);
    }
  });

  it("covers 2-D and 1-D kernels and dense weights, each with each of six laws", () => {
    const shapes = [...new Set(draws.map(({ shape }) => shape.join()))];
    expect(draws).toHaveLength(6 * shapes.length);
    expect(new Set(draws.map(({ shape }) => shape.length))).toEqual(new Set([2, 3, 4]));
    // The first kernel of the 1-D net reads the store's 16 bands.
    expect(shapes).toContain("32,16,8");
  });

  it("is the same from the same seed, and other from another", async () => {
    expect((await initialization(bench)).draws).toEqual(draws);
    expect((await initialization({ ...bench, seed: 2 })).draws).not.toEqual(draws);
  });
});
