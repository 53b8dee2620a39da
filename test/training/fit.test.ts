import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/core/tensor.js";
import { netConfig } from "../../src/nn/architectures.js";
import { buildTrainingStep, STEP } from "../../src/nn/training-step.js";
import {
  type BatchSource,
  DivergedError,
  type FitOptions,
  type FitState,
  fit,
} from "../../src/training/fit.js";
import { countingEngine, ENGINE } from "../engine.js";
import { drawBatch, tinyConfig } from "../nn/tiny-step.js";

const config = tinyConfig({ net: { kind: "linear" }, inputShape: [8], emaDecay: 0.5 });
const step = buildTrainingStep(config);

/** Two random batches per epoch. */
function makeBatches(): BatchSource {
  let place = "";
  let count = 0;
  return {
    stepsPerEpoch: 2,
    startEpoch(epoch) {
      place = `epoch ${epoch}`;
      count = 0;
    },
    async next() {
      const { inputs, targets } = drawBatch(config, `${place} ${count++}`);
      return { inputs: inputs.data, targets: targets.data };
    },
  };
}

/** Trains on random batches; epoch `i` scores `scores[i - 1]`. */
async function fitScored(scores: readonly number[], changes: Partial<FitOptions> = {}) {
  const seen: ReadonlyMap<string, Tensor>[] = [];
  const rates: number[] = [];
  const result = await fit({
    step,
    batches: makeBatches(),
    evaluate: async (weights) => {
      seen.push(weights);
      return { score: scores[(changes.resume?.history.length ?? 0) + seen.length - 1], valid: { loss: 1 } };
    },
    epochs: scores.length,
    learningRate: 0.1,
    schedule: { kind: "constant" },
    patience: 0,
    seed: 1,
    engine: ENGINE,
    onEpoch: ({ learningRate }) => {
      rates.push(learningRate);
    },
    ...changes,
  });
  return { result, seen, rates };
}

describe("fit", () => {
  it("keeps the weights of the best epoch, the first one of equally good epochs", async () => {
    const { result, seen } = await fitScored([0.5, 0.9, 0.9, 0.2]);
    expect(result.ended).toBe("finished");
    expect(result.state.best.epoch).toBe(2);
    expect(result.state.best.weights).toEqual(seen[1]);
    expect(seen[1]).not.toEqual(seen[3]);
  });

  /** Every epoch scores 0.9, and epoch `i` has the validation loss `losses[i - 1]`. */
  const fitTied = (losses: readonly number[], patience = 0) => {
    let epoch = 0;
    const evaluate = async () => ({ score: 0.9, valid: { loss: losses[epoch++] } });
    return fitScored(
      losses.map(() => 0.9),
      { evaluate, patience },
    );
  };

  it("keeps the epoch with the lowest validation loss among those with the best score", async () => {
    const { result } = await fitTied([0.4, 0.3, 0.2, 0.25]);
    expect(result.state.best.epoch).toBe(3);
    expect(result.state.best.weights).not.toEqual((await fitTied([0.4, 0.5])).result.state.best.weights);
  });

  it("counts an epoch of the same score and a lower loss as an improvement, for its patience", async () => {
    const { result } = await fitTied([0.4, 0.3, 0.3, 0.2], 1);
    expect([result.ended, result.state.history.length, result.state.best.epoch]).toEqual([
      "early-stopped",
      3,
      2,
    ]);
  });

  it("stops when its patience runs out, and stays stopped when resumed", async () => {
    const scores = [0.5, 0.9, 0.1, 0.9, 0.95];
    const { result, seen } = await fitScored(scores, { patience: 2 });
    expect([result.ended, seen.length, result.state.best.epoch]).toEqual(["early-stopped", 4, 2]);
    const again = await fitScored(scores, { patience: 2, resume: result.state });
    expect([again.result.ended, again.seen.length]).toEqual(["early-stopped", 0]);
    const patient = await fitScored(scores, { patience: 3 });
    expect([patient.result.ended, patient.result.state.best.epoch]).toEqual(["finished", 5]);
  });

  it("with a patience of 1 stops at the first epoch that is no better", async () => {
    const { result } = await fitScored([0.5, 0.4, 0.6], { patience: 1 });
    expect([result.ended, result.state.history.length, result.state.best.epoch]).toEqual([
      "early-stopped",
      2,
      1,
    ]);
  });

  it("keeps the last state with a finite loss, and its layers, if a validation loss is not finite", async () => {
    const watchedStep = buildTrainingStep({ ...config, watch: true });
    let epoch = 0;
    const evaluate = async () => ({ score: 0, valid: { loss: ++epoch === 2 ? Number.NaN : 1 } });
    const error = await fitScored([1, 1], { watchedStep, evaluate }).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(DivergedError);
    const { step: seen, tensors, layers } = (error as DivergedError).divergence;
    expect(seen).toBe(4);
    // The state before the last step gave the last loss of training that was finite.
    expect([...tensors.get(STEP)!.data]).toEqual([3]);
    expect(layers.map(({ layer }) => layer)).toEqual(["output"]);
  });

  it("rejects weights whose validation loss is not finite before `onEpoch` is called", async () => {
    let seen = 0;
    const diverged = fitScored([1], {
      evaluate: async () => ({ score: 0, valid: { loss: Number.NaN } }),
      onEpoch: () => {
        seen++;
      },
    });
    await expect(diverged).rejects.toThrow(
      /^learningRate must keep the loss finite, got a validation loss of NaN after epoch 1, at a rate of 0\.1; use a smaller one$/,
    );
    expect(seen).toBe(0);
  });
  it("rejects weights whose loss on training clips is not finite", async () => {
    const evaluate = async () => ({ score: 0, valid: { loss: 1 }, cleanTrainLoss: Number.NaN });
    await expect(fitScored([1], { evaluate })).rejects.toThrow(
      "got a loss of NaN on training clips after epoch 1",
    );
  });
  it("gives neither the first nor the last step of a cosine a rate of 0", async () => {
    const { rates } = await fitScored([1], { schedule: { kind: "cosine", warmUp: 0.5 } });
    const { stepsPerEpoch } = makeBatches();
    // The last step's middle is half a step before the end: (1 + cos(pi * (1 - 1 / stepsPerEpoch))) / 2 of the rate.
    expect(rates[0]).toBeCloseTo(0.05 * (1 + Math.cos(Math.PI * (1 - 1 / stepsPerEpoch))), 10);
    expect(rates[0]).toBeGreaterThan(0);
  });
  it("gives each epoch's last step the schedule's rate at its place in the whole run", async () => {
    const { rates } = await fitScored([1, 1, 1], { schedule: { kind: "cosine", warmUp: 0 } });
    // Two steps an epoch: the middles of the steps 2, 4 and 6 of 6.
    const expected = [1.5, 3.5, 5.5].map((done) => 0.05 * (1 + Math.cos((Math.PI * done) / 6)));
    expect(rates).toHaveLength(3);
    for (const [i, rate] of rates.entries()) expect(rate).toBeCloseTo(expected[i], 10);
  });

  it("draws other random numbers at every step", async () => {
    const dropout = buildTrainingStep({
      ...config,
      net: netConfig({ kind: "mlp", units: [64], dropout: 0.5 }),
      inputShape: [2, 8],
    });
    const batch = drawBatch({ ...config, inputShape: [2, 8] });
    const [inputs, targets] = [batch.inputs.data, batch.targets.data];
    const batches = { ...makeBatches(), next: async () => ({ inputs, targets }) };
    const losses: number[] = [];
    // At such a rate the weights stay the same, so only the dropped units change the loss.
    await fitScored([1, 1], {
      step: dropout,
      batches,
      learningRate: 1e-30,
      onStep: ({ loss }) => losses.push(loss),
    });
    expect(losses).toHaveLength(4);
    expect(new Set(losses).size).toBe(4);
  });

  it("shows the schedule the scores, including those from before a resume", async () => {
    const schedule = { kind: "plateau", factor: 0.5, patience: 0 } as const;
    const scores = [0.5, 0.4, 0.6, 0.3, 0.2];
    const straight = await fitScored(scores, { schedule });
    expect(straight.rates).toEqual([0.1, 0.1, 0.05, 0.05, 0.025]);
    let early: FitState | undefined;
    await fitScored(scores, {
      schedule,
      onEpoch: (record, state) => {
        if (record.epoch === 2) early = state;
      },
    });
    const resumed = await fitScored(scores, { schedule, resume: early });
    expect(resumed.rates).toEqual([0.05, 0.05, 0.025]);
    expect(resumed.result.state).toEqual(straight.result.state);
  });

  it("evaluates the averaged weights, under the names of the weights", async () => {
    const { result, seen } = await fitScored([0.5]);
    const { tensors } = result.state;
    expect([...seen[0].keys()]).toEqual(["output.weight", "output.bias"]);
    expect(seen[0].get("output.weight")).toEqual(tensors.get("average/output.weight"));
    expect(seen[0].get("output.weight")).not.toEqual(tensors.get("output.weight"));
  });

  it("evaluates the weights themselves if no average is kept, without the optimizer's state", async () => {
    const plain = buildTrainingStep({ ...config, emaDecay: 0 });
    const { result, seen } = await fitScored([0.5], { step: plain });
    expect([...seen[0].keys()]).toEqual(["output.weight", "output.bias"]);
    expect(seen[0].get("output.weight")).toEqual(result.state.tensors.get("output.weight"));
  });

  it("reports every step, and the mean loss of an epoch's steps", async () => {
    const steps: string[] = [];
    const losses: number[] = [];
    const { result } = await fitScored([0.1, 0.2], {
      onStep: ({ epoch, step, stepsPerEpoch, loss }) => {
        steps.push(`${epoch}: ${step}/${stepsPerEpoch}`);
        losses.push(loss);
      },
    });
    expect(steps).toEqual(["1: 1/2", "1: 2/2", "2: 1/2", "2: 2/2"]);
    const means = [(losses[0] + losses[1]) / 2, (losses[2] + losses[3]) / 2];
    expect(result.state.history.map(({ trainLoss }) => trainLoss)).toEqual(means);
  });

  it("records layer statistics at the first of every eight steps of an epoch", async () => {
    const watchedStep = buildTrainingStep({ ...config, watch: true });
    /** Whether a gradient is recorded if the inputs of all steps except this one are 0; steps count from 1. */
    const seesStep = async (step: number) => {
      const batches = makeBatches();
      let count = 0;
      const next = async () => {
        const batch = await batches.next();
        return ++count === step ? batch : { ...batch, inputs: batch.inputs.fill(0) };
      };
      const { result } = await fitScored([0.5], {
        watchedStep,
        batches: { ...batches, stepsPerEpoch: 18, next },
      });
      return result.state.history[0].layers![0].weightGradientNorm > 0;
    };
    const seen: number[] = [];
    for (let step = 1; step <= 18; step++) if (await seesStep(step)) seen.push(step);
    expect(seen).toEqual([1, 9, 17]);
  });

  it("stops before its first step if the signal is already aborted", async () => {
    const { result, seen } = await fitScored([0.1, 0.2], { signal: AbortSignal.abort() });
    expect([result.ended, seen.length]).toEqual(["interrupted", 0]);
  });

  it.each([
    ["after the first of two epochs", [0.1, 0.2], "interrupted"],
    ["after the last epoch", [0.1], "finished"],
  ])("ends if the signal is aborted %s, and keeps the epoch", async (_, scores, ended) => {
    const controller = new AbortController();
    const { result } = await fitScored(scores, {
      signal: controller.signal,
      onEpoch: () => controller.abort(),
    });
    expect([result.ended, result.state.history.length]).toEqual([ended, 1]);
  });

  it("closes its models at its end and when the loss is no longer finite", async () => {
    const { engine, open } = countingEngine();
    const watchedStep = buildTrainingStep({ ...config, watch: true });
    const during: number[] = [];
    await fitScored([0.1], { engine, watchedStep, onStep: () => during.push(open()) });
    expect([during, open()]).toEqual([[2, 2], 0]);
    const inputs = new Float32Array(drawBatch(config).inputs.data.length).fill(Number.NaN);
    const { targets } = drawBatch(config);
    const batches = { ...makeBatches(), next: async () => ({ inputs, targets: targets.data }) };
    await expect(fitScored([0.1], { engine, watchedStep, batches })).rejects.toThrow(DivergedError);
    expect(open()).toBe(0);
  });

  /** Trains with a batch of NaN at one step; steps count from 1. */
  const fitPoisoned = (poisoned: number) => {
    const batches = makeBatches();
    let count = 0;
    const next = async () => {
      const batch = await batches.next();
      return ++count === poisoned ? { ...batch, inputs: batch.inputs.fill(Number.NaN) } : batch;
    };
    return fitScored([0.1, 0.2], { batches: { ...batches, next } });
  };

  it("names the step whose loss is not finite", async () => {
    await expect(fitPoisoned(4)).rejects.toThrow(
      "learningRate must keep the loss finite, got a loss of NaN at epoch 2, step 2, at a rate of 0.1; use a smaller one",
    );
  });

  it.each([
    ["the first step of all", 1, 0],
    ["the second step", 2, 0],
    ["the first step of the second epoch", 3, 1],
    ["the second step of the second epoch", 4, 2],
  ])("keeps the last state with a finite loss if %s diverges", async (_, poisoned, stepsDone) => {
    const error: unknown = await fitPoisoned(poisoned).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DivergedError);
    const { step: seen, tensors } = (error as DivergedError).divergence;
    expect(seen).toBe(poisoned);
    expect([...tensors.get(STEP)!.data]).toEqual([stepsDone]);
  });
});
