import { beforeAll, describe, expect, it } from "vitest";
import { type LabBench, labBench } from "../../src/lab/bench.js";
import { activationStd, gradientFlow, gradientFlowSection } from "../../src/lab/gradient-flow.js";
import type { GradientFlowResult, GradientFlowRun } from "../../src/lab/results.js";
import { ENGINE } from "../engine.js";
import { makeTinyStore } from "../training/tiny-store.js";

const DEPTHS = [2, 12];

/** Relative: five standard errors of the deviation of the 300 weights before the logits, sqrt(1 / 600) each. */
const SAMPLING = 0.2;

let bench: LabBench;
let advanced = 0;
let result: GradientFlowResult;

beforeAll(async () => {
  const advance = (nSteps: number) => {
    advanced += nSteps;
  };
  bench = await labBench(await makeTinyStore(), { seed: 1, isQuick: true, engine: ENGINE, advance });
  result = await gradientFlow(bench, DEPTHS);
});

const flow = (change: Partial<GradientFlowRun>) =>
  result.runs.find((run) =>
    Object.entries({ depth: 12, isBatchNorm: false, ...change }).every(
      ([name, value]) => run[name as keyof GradientFlowRun] === value,
    ),
  )!;

/** The first layer's value over the last layer's. */
const growth = (values: readonly number[]) => values[0] / values.at(-1)!;

describe("gradient flow by depth", () => {
  it("has every depth, initializer and activation, with and without batch norm, one number per hidden layer", () => {
    expect(
      new Set(
        result.runs.map((run) => JSON.stringify([run.depth, run.init, run.activation, run.isBatchNorm])),
      ).size,
    ).toBe(DEPTHS.length * 4 * 3 * 2);
    for (const { depth, activationStd, gradientStd } of result.runs) {
      expect(activationStd).toHaveLength(depth);
      expect(gradientStd).toHaveLength(depth);
      expect([...activationStd, ...gradientStd].every((value) => Number.isFinite(value) && value >= 0)).toBe(
        true,
      );
    }
    expect(advanced).toBe(result.runs.length);
    expect(gradientFlowSection.budget(true)).toBe(4 * 4 * 3 * 2);
    expect(gradientFlowSection.budget(false)).toBe(10 * 4 * 3 * 2);
  });

  it("small weights lose the signal forwards and the gradient backwards; batch norm keeps both", () => {
    for (const activation of ["tanh", "relu"] as const) {
      const plain = flow({ init: "small", activation });
      expect(growth(plain.activationStd)).toBeGreaterThan(1e8);
      expect(growth(plain.gradientStd)).toBeLessThan(1e-8);
      const normalized = flow({ init: "small", activation, isBatchNorm: true });
      expect(growth(normalized.activationStd)).toBeCloseTo(1, 0);
      expect(growth(normalized.gradientStd)).toBeGreaterThan(0.1);
    }
  });

  it("has the deviations that theory predicts in two simple cases", () => {
    // Batch norm leaves mean 0 and deviation 1 before the activation, so this is the deviation of max(x, 0), x normal.
    const normalized = flow({ init: "he-normal", activation: "relu", isBatchNorm: true });
    const expectedStd = Math.sqrt((1 - 1 / Math.PI) / 2);
    for (const std of normalized.activationStd)
      expect(Math.abs(std / expectedStd - 1)).toBeLessThan(SAMPLING);
    // With small weights each of the 3 labels has a probability of 1 / 3. The gradient of a clip's logits then has the
    // norm sqrt(2 / 3) and reaches the last hidden layer through weights of deviation 0.01, as a mean over 64 clips.
    const { gradientStd } = flow({ init: "small", activation: "tanh" });
    const expected = (0.01 * Math.sqrt(2 / 3)) / 64;
    expect(Math.abs(gradientStd[11] / expected - 1)).toBeLessThan(SAMPLING);
  });

  it("He keeps the signal through ReLU; Glorot halves its variance at every layer", () => {
    const he = flow({ init: "he-normal", activation: "relu" });
    const glorot = flow({ init: "glorot-normal", activation: "relu" });
    expect(growth(he.activationStd)).toBeLessThan(4);
    // From the second layer on, fanIn = fanOut and the same draws differ by sqrt(2) per layer: 2^(10 / 2) in 10 layers.
    const ratios = he.activationStd.map((std, i) => std / glorot.activationStd[i]);
    expect(ratios[11] / ratios[1]).toBeCloseTo(2 ** 5, 1);
  });

  it("the sigmoid loses the gradient even with Glorot's weights", () => {
    expect(growth(flow({ init: "glorot-normal", activation: "sigmoid" }).gradientStd)).toBeLessThan(1e-4);
    expect(growth(flow({ init: "glorot-normal", activation: "tanh" }).gradientStd)).toBeGreaterThan(0.1);
  });

  it("zeros give constant activations and no gradient for every activation", () => {
    for (const activation of ["tanh", "sigmoid", "relu"] as const)
      for (const isBatchNorm of [false, true]) {
        const { activationStd, gradientStd } = flow({ init: "zeros", activation, isBatchNorm });
        expect([...activationStd, ...gradientStd].every((value) => value === 0)).toBe(true);
      }
  });

  it("counts float32 rounding of a constant as 0, but keeps small deviations around 0", () => {
    expect(activationStd({ mean: 0.5, std: 2e-4 })).toBe(0);
    expect(activationStd({ mean: 0.5, std: 2e-2 })).toBe(2e-2);
    expect(activationStd({ mean: 1e-9, std: 1e-8 })).toBe(1e-8);
  });

  it("is the same for the same seed, and differs for another seed", async () => {
    const again = await gradientFlow(bench, [2]);
    expect(again.runs).toEqual(result.runs.filter(({ depth }) => depth === 2));
    const other = await gradientFlow({ ...bench, seed: 2 }, [2]);
    expect(other.runs).not.toEqual(again.runs);
  });

  it("stops when the signal aborts", async () => {
    await expect(gradientFlow({ ...bench, signal: AbortSignal.abort() }, [2])).rejects.toThrow("aborted");
  });
});
