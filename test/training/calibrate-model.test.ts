import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { type FeatureData, featuresInMemory } from "../../src/dataset/feature-data.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import type { Split } from "../../src/dataset/split-names.js";
import { splitClips } from "../../src/dataset/splits.js";
import { evaluateModel } from "../../src/evaluation/evaluate-model.js";
import { fitNovelty } from "../../src/evaluation/fit-novelty.js";
import { frontEnd } from "../../src/features/front-end.js";
import { netConfig } from "../../src/nn/architectures.js";
import type { Calibration } from "../../src/tagging/calibration.js";
import { decodeModel, encodeModel, modelIdentity, uncalibrated } from "../../src/tagging/model-file.js";
import { calibrateModel } from "../../src/training/calibrate-model.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/training/checkpoint.js";
import { trainModel } from "../../src/training/train-model.js";
import { ENGINE } from "../engine.js";
import { rejectionOf } from "../store/message-of.js";
import { makeTinyStore, TINY_CONFIG } from "./tiny-store.js";

/** Float32 probabilities of the engine against float64 ones. */
const ROUNDING = 1e-5;

/**
 * Clips of 2 to 20 frames, most of them with the labels that their features show. In the multi-label task, "rare" is the
 * label of two validation clips.
 */
function drawnData(task: "single-label" | "multi-label", change = (_split: Split) => 0): FeatureData {
  const random = new Random(task);
  const clips = Array.from({ length: 240 }, (_, i) => {
    const split: Split = i < 140 ? "train" : i < 200 ? "valid" : "test";
    const truth = [random.uniform() < 0.5, random.uniform() < 0.3];
    const nFrames = 2 + random.integer(19);
    const data = Float32Array.from(
      { length: nFrames * 4 },
      (_, at) => Number(truth[at % 2]) + 0.8 * random.normal() + change(split),
    );
    const isWrong = random.uniform() < 0.2;
    const [loud, high] = truth.map((value) => value !== isWrong);
    const several = [
      ...(loud ? ["loud"] : ["soft"]),
      ...(high ? ["high"] : []),
      ...(i % 50 === 0 ? ["rare"] : []),
    ];
    const labels = task === "multi-label" ? several : [loud ? "loud" : "soft"];
    return { name: `${i}`, labels, split, features: { data, shape: [nFrames, 4] } };
  });
  return featuresInMemory(frontEnd({ nMels: 4 }), clips);
}

const CONFIG = {
  net: netConfig({ kind: "mlp", units: [16] }),
  ...{ segmentFrames: 8, epochs: 4, batchSize: 16, emaDecay: 0, augment: 0, labelSmoothing: 0 },
};

const train = (data: FeatureData, more: Partial<Parameters<typeof trainModel>[2]> = {}, epochs = 4) =>
  trainModel(data, { ...CONFIG, epochs }, { engine: ENGINE, ...more });

const setsOf = (data: FeatureData) => featureSets(data, splitClips(data.clips));

describe.each(["single-label", "multi-label"] as const)("calibrateModel, %s", (task) => {
  const data = drawnData(task);
  const run = train(data);

  it("is what trainModel does at the end of a run", async () => {
    const model = (await run).model!;
    const { calibration } = model.info;
    expect(calibration).toMatchObject({ basis: "fitted", validation: { nClips: 60 } });
    expect(await calibrateModel(uncalibrated(model), setsOf(data), { engine: ENGINE })).toEqual(model);
    expect(await calibrateModel(model, setsOf(data), { engine: ENGINE })).toEqual(model);
  });

  it("stores what evaluation finds on the validation clips, before and after", async () => {
    const model = (await run).model!;
    const { loss, calibrationError } = model.info.calibration!.validation;
    const found = [];
    for (const each of [uncalibrated(model), model])
      found.push((await evaluateModel(each, data, { engine: ENGINE, split: "valid" })).net);
    found.forEach((net, i) => {
      expect(Math.abs(net.loss - loss[i])).toBeLessThan(ROUNDING);
      expect(Math.abs(net.calibrationError - calibrationError[i])).toBeLessThan(ROUNDING);
    });
    expect(loss[1]).toBeLessThan(loss[0]);
  });

  it("depends on nothing but the weights and the validation clips, except for what is unknown", async () => {
    const model = (await run).model!;
    const calibrated = (changed: Split) => {
      const changedData = drawnData(task, (split) => (split === changed ? 1 : 0));
      return calibrateModel(model, setsOf(changedData), { engine: ENGINE });
    };
    expect(await calibrated("test")).toEqual(model);
    const { unknown, ...calibration } = model.info.calibration!;
    const byOthers = (await calibrated("train")).info.calibration!;
    expect(byOthers).toMatchObject(calibration);
    expect(byOthers.unknown).not.toEqual(unknown);
    expect((await calibrated("valid")).info.calibration).not.toMatchObject(calibration);
  });

  it("leaves out clips of no class, and those of which nothing is known", async () => {
    const model = (await run).model!;
    const splits = splitClips(data.clips);
    const more = splits.test.map((clip, i) => ({
      ...clip,
      labels: [],
      ...(i < 20 ? { unknownLabels: ["?"] } : {}),
    }));
    const sets = featureSets(data, { ...splits, valid: [...splits.valid, ...more] }, model.info.labels);
    const { calibration } = (await calibrateModel(model, sets, { engine: ENGINE })).info;
    expect({ ...calibration, unknown: null }).toEqual({ ...model.info.calibration, unknown: null });
  });

  it("is kept by the model's file, which is written again as the same bytes", async () => {
    const bytes = encodeModel((await run).model!);
    const read = decodeModel(bytes, "m.onnx");
    expect(read).toEqual((await run).model);
    expect(Buffer.compare(encodeModel(read), bytes)).toBe(0);
  });
});

describe("the limit of novelty", () => {
  it("is halfway from the novelty of validation clips, whose segments weigh as in answers, to noise's", async () => {
    const all = drawnData("multi-label");
    const data = { ...all, clips: all.clips.filter(({ nFrames }) => nFrames >= 1.5 * CONFIG.segmentFrames) };
    const model = (await train(data)).model!;
    const withExponent = async (levelExponent: number) => {
      const fittedTo = (unknown: Calibration["unknown"]) => ({
        ...model,
        info: { ...model.info, calibration: { ...model.info.calibration!, levelExponent, unknown } },
      });
      const { score, unknown } = await fitNovelty(fittedTo(null), setsOf(data), { engine: ENGINE });
      const fitted = { ...fittedTo(unknown), novelty: score };
      const { answers } = await evaluateModel(fitted, data, { engine: ENGINE, split: "valid" });
      const sorted = answers.map(({ novelty }) => novelty!).sort((a, b) => a - b);
      const highKnown = sorted[Math.ceil(0.98 * sorted.length) - 1];
      return { highKnown, noise: 2 * unknown.threshold - highKnown };
    };
    const [same, weighted] = [await withExponent(0), await withExponent(1)];
    expect(Math.abs(same.highKnown - weighted.highKnown)).toBeGreaterThan(0.01);
    expect(Math.abs(same.noise - weighted.noise)).toBeLessThan(ROUNDING);
  });
});

describe("the thresholds of a multi-label run", () => {
  it("are its labels' own, but shared by labels that few validation clips have", async () => {
    const { calibration } = (await train(drawnData("multi-label"))).model!.info;
    expect(Object.keys(calibration!.thresholds!)).toEqual(["high", "loud", "rare", "soft"]);
    expect(calibration!.sharedThreshold).toEqual(["rare"]);
    expect(new Set(Object.values(calibration!.thresholds!)).size).toBe(4);
  });
});

describe("a run", () => {
  const data = drawnData("single-label");
  const whole = train(data);

  it("has fewer than 20 validation clips: its temperature is 1, a segment weighs its level, and it says so", async () => {
    const { model } = await trainModel(
      await makeTinyStore(),
      { ...TINY_CONFIG, epochs: 1 },
      { engine: ENGINE },
    );
    const { temperature, levelExponent, basis, validation } = model!.info.calibration!;
    expect([temperature, levelExponent, basis, validation.nClips]).toEqual([1, 1, "few clips", 6]);
  });

  it("is calibrated if it is stopped, not if it is interrupted; a resumed one is as if nothing had happened", async () => {
    const stopped = await train(data, { onEpoch: ({ epoch }) => (epoch === 2 ? "stop" : undefined) });
    expect([stopped.ended, stopped.model!.info.calibration?.basis]).toEqual(["stopped", "fitted"]);

    const controller = new AbortController();
    const interrupted = await train(data, {
      signal: controller.signal,
      onEpoch: ({ epoch }, { model }) => {
        expect(model.info.calibration).toBeUndefined();
        if (epoch === 2) controller.abort();
      },
    });
    expect([interrupted.ended, interrupted.model!.info.calibration]).toEqual(["interrupted", undefined]);

    for (const { checkpoint } of [stopped, interrupted]) {
      const resume = decodeCheckpoint(encodeCheckpoint(checkpoint), "checkpoint");
      expect((await train(data, { resume })).model).toEqual((await whole).model);
    }
  });

  it("that is interrupted while it is calibrated is finished when it is resumed", async () => {
    const controller = new AbortController();
    const run = await train(data, {
      signal: controller.signal,
      onEpoch: ({ epoch }) => (epoch === 4 ? controller.abort() : undefined),
    });
    expect([run.ended, run.history.length]).toEqual(["interrupted", 4]);
    expect(run.model).toEqual(uncalibrated((await whole).model!));
    expect((await train(data, { resume: run.checkpoint })).model).toEqual((await whole).model);
  });

  it("that starts from a model starts from its weights, whether it is calibrated or not", async () => {
    const model = (await whole).model!;
    const further = [model, uncalibrated(model)].map((from) => train(data, { from }, 1));
    const [a, b] = await Promise.all(further);
    expect(a.model).toEqual(b.model);
    expect(a.checkpoint.from).toBe(modelIdentity(uncalibrated(model)));
  });
});

describe("calibrateModel", () => {
  const data = drawnData("single-label");
  const trained = train(data, {}, 1);

  it("names what is wrong with its sets", async () => {
    const model = (await trained).model!;
    const { train: set, valid, test } = setsOf(data);
    const calibrate = (sets: object) => rejectionOf(calibrateModel(model, sets as never, { engine: ENGINE }));
    expect(await calibrate({ train: set, valid: test })).toBe(
      "sets.valid must be the FeatureSet of the valid split, got test",
    );
    const none = featureSets(data, { ...splitClips(data.clips), valid: [] });
    expect(await calibrate(none)).toBe(
      "sets.valid must hold at least 1 clip whose labels are known, got none",
    );
    expect(await calibrate({ train: valid, valid })).toBe(
      "train must be the FeatureSet of the train split, got valid",
    );
    const others = drawnData("multi-label");
    expect(await calibrate(setsOf(others))).toBe(
      "sets.valid must have the labels of the model, loud, soft, got high, loud, rare, soft",
    );
  });

  it("names a model whose logits are not finite", async () => {
    const { weights, ...model } = (await trained).model!;
    const bias = weights.get("output.bias")!;
    const broken = new Map(weights).set("output.bias", { ...bias, data: bias.data.map(() => Number.NaN) });
    expect(
      await rejectionOf(calibrateModel({ ...model, weights: broken }, setsOf(data), { engine: ENGINE })),
    ).toBe("model: gives numbers that are not finite to validation clips; train it again");
  });

  it("stops when it is aborted, and says how far it is", async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const calibrating = calibrateModel((await trained).model!, setsOf(data), {
      engine: ENGINE,
      signal: controller.signal,
      onProgress(done, total) {
        seen.push(done, total);
        controller.abort(new Error("enough"));
      },
    });
    await expect(calibrating).rejects.toThrow("enough");
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe(60);
  });
});
