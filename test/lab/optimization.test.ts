import { beforeAll, describe, expect, it } from "vitest";
import { standardizationOf } from "../../src/dataset/standardization.js";
import { type LabBench, labBench } from "../../src/lab/bench.js";
import { type OptimizationBudget, optimization, optimizationSection } from "../../src/lab/optimization.js";
import type { OptimizationResult } from "../../src/lab/results.js";
import { sharpnessRuns, sharpnessWork } from "../../src/lab/sharpness.js";
import { ENGINE } from "../engine.js";
import { makeTinyStore } from "../training/tiny-store.js";

const BUDGET: OptimizationBudget = {
  steps: 8,
  points: 2,
  factors: [1, 1e9],
  sharpness: { steps: 30, points: 3 },
};

/** Largest relative error of a rate rounded to two digits. */
const TWO_DIGITS = 0.05;

let bench: LabBench;
let advanced = 0;
let result: OptimizationResult;

beforeAll(async () => {
  const advance = (nSteps: number) => {
    advanced += nSteps;
  };
  bench = await labBench(await makeTinyStore(), { seed: 1, isQuick: true, engine: ENGINE, advance });
  result = await optimization(bench, BUDGET);
});

describe("the net, trained with each optimizer", () => {
  it("is trained at every rate of its grid, with points at the same steps", () => {
    const rates = (optimizer: string) =>
      result.runs.filter((run) => run.optimizer === optimizer).map(({ learningRate }) => learningRate);
    expect(rates("sgd")).toEqual([0.1, 1e8]);
    expect(rates("momentum")).toEqual([0.03, 3e7]);
    expect(rates("rmsprop")).toEqual([0.003, 3e6]);
    expect(rates("adam")).toEqual([0.01, 1e7]);
    for (const { curve } of result.runs.filter(({ divergedAt }) => divergedAt === null))
      expect(curve.map(({ step }) => step)).toEqual([4, 8]);
  });

  it("learns at the middle rates", () => {
    for (const { curve } of result.runs.filter((_, i) => i % 2 === 0))
      expect(curve[1].trainLoss).toBeLessThan(curve[0].trainLoss);
  });

  it("records a run that diverged, and continues with the next", () => {
    const sgd = result.runs.find(({ learningRate }) => learningRate === 1e8)!;
    expect(sgd.divergedAt).toBeGreaterThan(1);
    expect(result.runs).toHaveLength(8);
  });
});

describe("sharpness", () => {
  it("begins below the edge that its rates are chosen for, at the same weights", () => {
    const [fast, slow] = result.sharpness;
    expect(fast.points[0]).toEqual(slow.points[0]);
    const first = fast.points[0].eigenvalue;
    for (const [run, edge] of [
      [fast, 1.1],
      [slow, 1.5],
    ] as const)
      expect(Math.abs(2 / run.learningRate / first / edge - 1)).toBeLessThan(TWO_DIGITS);
  });

  it("is measured along a descent whose loss falls", () => {
    for (const { points } of result.sharpness) {
      expect(points.map(({ step }) => step)).toEqual([0, 10, 20, 30]);
      for (let i = 1; i < points.length; i++) expect(points[i].loss).toBeLessThan(points[i - 1].loss);
      for (const { eigenvalue } of points) expect(eigenvalue).toBeGreaterThan(0);
    }
  });

  it("is the same for the same seed", async () => {
    const { mean, std } = standardizationOf(bench.covariance);
    const before = advanced;
    const again = await sharpnessRuns(bench, { kind: "standardize", mean, std }, BUDGET.sharpness);
    expect(again).toEqual(result.sharpness);
    expect(advanced - before).toBe(sharpnessWork(BUDGET.sharpness));
  });
});

it("includes the paths of four optimizers on three landscapes", () => {
  expect(result.landscapes.map(({ paths }) => paths.length)).toEqual([4, 4, 4]);
});

it("its budget is the number of steps of its runs", () => {
  expect(optimizationSection.budget(true)).toBe(4 * 3 * 120 + 2 * (800 + 10 * 20));
  expect(optimizationSection.budget(false)).toBe(4 * 5 * 800 + 2 * (2000 + 20 * 20));
});
