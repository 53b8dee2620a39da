import { beforeAll, describe, expect, it } from "vitest";
import { batchNorm } from "../../src/lab/batch-norm.js";
import { labBench } from "../../src/lab/bench.js";
import type { BatchNormResult, BatchNormRun, BatchNormRunName } from "../../src/lab/results.js";
import { nodeEngine } from "../../src/runtime/node.js";
import { makeTinyStore } from "../training/tiny-store.js";

let result: BatchNormResult;
let advanced = 0;
const run = (name: BatchNormRunName): BatchNormRun => result.runs.find((each) => each.name === name)!;

beforeAll(async () => {
  const advance = (nSteps: number) => {
    advanced += nSteps;
  };
  const bench = await labBench(await makeTinyStore(), {
    seed: 1,
    isQuick: true,
    engine: nodeEngine({ threads: 2 }),
    advance,
  });
  result = await batchNorm(bench, { steps: 24, points: 4, searchSteps: 6 });
});

describe("batch norm", () => {
  it("trains at multiples of the learning rate chosen for the baseline", () => {
    const { learningRate } = run("baseline");
    expect([1 / 1024, 1 / 256, 1 / 64, 1 / 16]).toContain(learningRate);
    expect(result.runs.map(({ name, learningRate: rate }) => [name, rate / learningRate])).toEqual([
      ["baseline", 1],
      ["BN", 1],
      ["BN x5", 5],
      ["BN x30", 30],
      ["BN x5 sigmoid", 5],
      ["sigmoid", 1],
    ]);
    expect(result.net).toContain("2-D conv net on 32 frames of 16 bands");
  });

  it("counts the steps to the baseline's best score", () => {
    const baseline = run("baseline");
    for (const { curve, best, stepsToBaselineBest } of result.runs) {
      const first = curve.find(({ score }) => score >= baseline.best);
      expect(stepsToBaselineBest).toBe(first?.step ?? null);
      expect(best).toBe(Math.max(...curve.map(({ score }) => score)));
    }
    expect(baseline.stepsToBaselineBest).not.toBeNull();
  });

  it("records the last hidden layer at every point", () => {
    for (const { spread, curve } of result.runs)
      expect(spread.map(({ step }) => step)).toEqual(curve.map(({ step }) => step));
    // Sigmoids of small inputs are near 1/2; ReLUs of normalized inputs keep half of a bell curve.
    for (const { mean } of run("sigmoid").spread) expect(mean).toBeCloseTo(0.5, 0);
    for (const { mean, std } of run("BN").spread) expect([mean > 0, std > 0]).toEqual([true, true]);
  });

  it("learns more with batch norm than the sigmoid net does without", () => {
    const lastLoss = (name: BatchNormRunName) => run(name).curve[3].trainLoss;
    expect(lastLoss("BN")).toBeLessThan(lastLoss("sigmoid"));
    expect(lastLoss("BN x5 sigmoid")).toBeLessThan(lastLoss("sigmoid"));
  });

  it("advances the bench by its budget", () => {
    expect(advanced).toBe(3 * (6 * 24 + 4 * 6));
  });
});
