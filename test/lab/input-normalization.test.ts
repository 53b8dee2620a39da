import { beforeAll, describe, expect, it } from "vitest";
import { featureSets } from "../../src/dataset/feature-set.js";
import { type LabBench, labBench } from "../../src/lab/bench.js";
import {
  everyClip,
  inputNormalization,
  inputNormalizationSection,
} from "../../src/lab/input-normalization.js";
import type { InputNormalizationResult } from "../../src/lab/results.js";
import { ENGINE } from "../engine.js";
import { makeTinyStore } from "../training/tiny-store.js";

const BUDGET = { steps: 8, points: 2, learningRates: [0.01, 0.02], leakSteps: 4, leakSeeds: 2 };

let bench: LabBench;
let result: InputNormalizationResult;

beforeAll(async () => {
  bench = await labBench(await makeTinyStore(), { seed: 3, isQuick: true, engine: ENGINE });
  result = await inputNormalization(bench, BUDGET);
});

describe("input normalization", () => {
  it("trains with every normalization at every learning rate, with points at the same steps", () => {
    expect(result.runs.map(({ normalize, learningRate }) => `${normalize} ${learningRate}`)).toEqual(
      ["none", "standardize", "whiten"].flatMap((name) => [`${name} 0.01`, `${name} 0.02`]),
    );
    for (const { curve } of result.runs) expect(curve.map(({ step }) => step)).toEqual([4, 8]);
    expect(new Set(result.runs.map(({ curve }) => curve[1].trainLoss)).size).toBe(6);
  });

  it("shows what each does to the input's covariance", () => {
    const { conditionNumber, eigenvalues } = result;
    for (const name of ["none", "standardize", "whiten"] as const) {
      expect(eigenvalues[name]).toHaveLength(16);
      expect(eigenvalues[name][0] / eigenvalues[name][15]).toBeCloseTo(conditionNumber[name], 6);
    }
    // Whitened by its own statistics, it would be 1 without the small number added to the deviation.
    expect(conditionNumber.whiten).toBeLessThan(1.5);
    expect(conditionNumber.none).toBeGreaterThan(10);
  });

  it("scores statistics of the training split and of all clips with the same seeds", () => {
    const { seeds, trainOnly, allData } = result.leak;
    expect(seeds).toEqual([3, 4]);
    for (const score of [...trainOnly, ...allData]) {
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
    }
    expect([trainOnly.length, allData.length]).toEqual([2, 2]);
  });

  it("everyClip has every clip of the store", () => {
    expect(
      everyClip(bench)
        .clips.map(({ name }) => name)
        .sort(),
    ).toEqual(bench.data.clips.map(({ name }) => name).sort());
  });

  it("leaves out the comparison of statistics if there are no test clips", async () => {
    const sets = featureSets(bench.data, { ...bench.splits, test: [] }, bench.labels);
    const { leak } = await inputNormalization({ ...bench, sets }, { ...BUDGET, learningRates: [0.01] });
    expect(leak).toEqual({ seeds: [], trainOnly: [], allData: [] });
  });

  it("advances the bench by its budget", async () => {
    let advanced = 0;
    const advance = (nSteps: number) => {
      advanced += nSteps;
    };
    await inputNormalization({ ...bench, advance }, BUDGET);
    expect(advanced).toBe(3 * 2 * 8 + 2 * 2 * 4);
    expect(inputNormalizationSection.budget(false)).toBeGreaterThan(inputNormalizationSection.budget(true));
  });
});
