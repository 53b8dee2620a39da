import { beforeAll, describe, expect, it } from "vitest";
import { frontEnd } from "../../src/features/front-end.js";
import { type LabBench, labBench, stratified } from "../../src/lab/bench.js";
import { type TrainCurveOptions, trainCurve, trainCurves } from "../../src/lab/train-curve.js";
import { netConfig } from "../../src/nn/architectures.js";
import { nodeEngine } from "../../src/runtime/node.js";
import { normalizationOf } from "../../src/training/normalization.js";
import { ENGINE } from "../engine.js";
import { makeTinyStore, tinyClips } from "../training/tiny-store.js";

let bench: LabBench;
let run: TrainCurveOptions;

beforeAll(async () => {
  bench = await labBench(await makeTinyStore(), {
    seed: 1,
    isQuick: true,
    engine: nodeEngine({ threads: 2 }),
  });
  run = {
    net: netConfig({ kind: "mlp", units: [8], dropout: 0 }),
    normalization: normalizationOf(bench.covariance, { kind: "standardize", over: "band" }).normalization,
    optimizer: { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 },
    learningRate: 0.05,
    steps: 12,
    points: 3,
  };
});

describe("trainCurve", () => {
  it("learns, and records losses and layers at every point", async () => {
    const { curve, divergedAt, layers } = await trainCurve(bench, { ...run, watch: true });
    expect(curve.map(({ step }) => step)).toEqual([4, 8, 12]);
    expect(curve[2].trainLoss).toBeLessThan(curve[0].trainLoss);
    expect(divergedAt).toBeNull();
    expect(layers.map((each) => each.map(({ layer }) => layer))).toEqual(
      Array(3).fill(["hidden1", "output"]),
    );
  });

  it("sees the same batches for any number of points, and other batches for another seed", async () => {
    const weights = async (changes: Partial<TrainCurveOptions>) =>
      (await trainCurve(bench, { ...run, ...changes })).weights;
    const whole = await weights({ points: 1 });
    expect(await weights({ points: 3 })).toEqual(whole);
    expect(await weights({ seed: 2 })).not.toEqual(whole);
  });

  it("records the step at which a run diverged, with the points before it", async () => {
    const { curve, divergedAt } = await trainCurve(bench, { ...run, learningRate: 1e20 });
    expect(divergedAt).toBeGreaterThan(1);
    expect(curve.every(({ step }) => step < divergedAt!)).toBe(true);
  });

  it("advances the bench by its steps", async () => {
    let advanced = 0;
    const advance = (nSteps: number) => {
      advanced += nSteps;
    };
    await trainCurve({ ...bench, advance }, { ...run, stepCost: 3 });
    expect(advanced).toBe(36);
  });
});

describe("trainCurves", () => {
  it("gives each run the same result as alone", async () => {
    const runs = [0.01, 1e20, 0.02].map((learningRate) => ({ ...run, learningRate }));
    const alone = [];
    for (const each of runs) alone.push(await trainCurve(bench, each));
    expect(await trainCurves(bench, runs)).toEqual(alone);
  });

  it("stops all runs when the signal aborts", async () => {
    const stop = new AbortController();
    let advanced = 0;
    const advance = () => {
      advanced++;
      if (advanced === 3) stop.abort();
    };
    const runs = [run, run, run, run];
    await expect(trainCurves({ ...bench, signal: stop.signal, advance }, runs)).rejects.toThrow(
      expect.objectContaining({ name: "AbortError" }),
    );
    expect(advanced).toBe(3);
  });
});

describe("labBench", () => {
  it("scores on a fixed fraction of every label", () => {
    const clips = Array.from({ length: 90 }, (_, i) => ({
      name: `${i}`,
      labels: [i % 3 === 0 ? "rare" : "common"],
    }));
    const taken = stratified(clips, 30, 1);
    expect(taken.filter(({ labels }) => labels[0] === "rare")).toHaveLength(10);
    expect(new Set(taken).size).toBe(30);
    expect(stratified(clips, 30, 1)).toEqual(taken);
    expect(stratified(clips, 30, 2)).not.toEqual(taken);
    expect(new Set(stratified(clips, 100, 1))).toEqual(new Set(clips));
  });

  it("rejects a store with too few bands for its nets", async () => {
    const made = frontEnd({ sampleRate: 8000, nFft: 256, hopLength: 128, nMels: 12 });
    const store = await makeTinyStore(tinyClips(), made);
    await expect(labBench(store, { seed: 1, isQuick: true, engine: ENGINE })).rejects.toThrow(
      `${store.dir}: has 12 mel bands; the lab's nets need at least 16`,
    );
  });
});
