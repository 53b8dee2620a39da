import { describe, expect, it } from "vitest";
import type { FeatureData } from "../../src/dataset/feature-data.js";
import { compareModels } from "../../src/evaluation/compare-models.js";
import { evaluateModel } from "../../src/evaluation/evaluate-model.js";
import { measuresOf } from "../../src/evaluation/measures.js";
import { frontEnd } from "../../src/features/front-end.js";
import { decodeLinearModel } from "../../src/tagging/linear-model.js";
import { wasTrainedOn } from "../../src/tagging/model-clips.js";
import type { TrainedModel } from "../../src/tagging/model-file.js";
import { trainLinearBaseline } from "../../src/training/linear-baseline.js";
import { trainModel } from "../../src/training/train-model.js";
import { ENGINE } from "../engine.js";
import { makeTinyStore, TINY_CONFIG, TINY_FRONT_END, tinyClips } from "../training/tiny-store.js";

const store = await makeTinyStore(tinyClips().map((clip) => ({ ...clip, split: null })));
let baseline: Uint8Array | null = null;
const train = async (seed: number): Promise<TrainedModel> => {
  const run = await trainModel(
    store,
    { ...TINY_CONFIG, epochs: 1, seed },
    {
      engine: ENGINE,
      async onStart({ sets, task, splits, config }) {
        const { validFraction, testFraction } = config;
        const split = { seed, validFraction, testFraction, hash: splits.hash };
        if (seed === 1) baseline = await trainLinearBaseline(sets, { task, seed, split, engine: ENGINE });
      },
    },
  );
  return run.model!;
};
const [first, other] = [await train(1), await train(2)];
const linear = decodeLinearModel(baseline!, "m.linear.onnx");
const engine = { engine: ENGINE };

/** The model with some facts changed. */
const changed = (info: Partial<TrainedModel["info"]>): TrainedModel => ({
  ...other,
  info: { ...other.info, ...info },
});

describe("compareModels", () => {
  it("scores a net and its own baseline on the test clips of both, as evaluateModel does", async () => {
    const compared = await compareModels(first, linear, store, engine);
    const {
      net,
      linear: scores,
      differences,
      chose,
    } = await evaluateModel(first, store, { ...engine, linear: baseline });
    expect(compared).toEqual({
      split: "test",
      leftOut: 0,
      leftOutForOther: 0,
      chose: { first: chose, other: { ...chose, validationChose: ["epoch"] } },
      first: net,
      other: scores,
      differences: differences.linear,
    });
    for (const { name, of } of measuresOf("single-label"))
      expect(compared.differences[name].difference).toBe(of(net) - of(scores!));
  });

  it("leaves out the clips that one of two models has seen", async () => {
    const { first: scores, leftOutForOther, split } = await compareModels(first, other, store, engine);
    const testOf = async (model: TrainedModel) =>
      (await evaluateModel(model, store, engine)).answers.map(({ clip }) => clip.name);
    const [mine, theirs] = [await testOf(first), await testOf(other)];
    const both = mine.filter((name) => theirs.includes(name));
    expect(both.length).toBeGreaterThan(0);
    expect(both.length).toBeLessThan(mine.length);
    expect([split, scores.nClips, leftOutForOther]).toEqual(["test", both.length, mine.length - both.length]);
    const all = await compareModels(first, other, store, { ...engine, split: "all" });
    expect([all.first.nClips, all.leftOut]).toEqual([both.length, store.clips.length - mine.length]);
  });

  it("says if a model does not say which clips chose its epoch, and the data do not either", async () => {
    const { validClips: _, ...info } = other.info;
    const older = { ...other, info };
    const nValidationOf = async (data: FeatureData) => {
      const { chose } = await compareModels(first, older, data, { ...engine, split: "all" });
      return [chose.first.nValidation, chose.other.nValidation];
    };
    expect(await nValidationOf(store)).toEqual([5, 5]);
    const fewer = store.clips.filter(({ name }) => !name.endsWith("/0.wav"));
    const isTrained = wasTrainedOn(older.info);
    const named = fewer.map((clip) => {
      const split = isTrained(clip.audioHash) ? ("train" as const) : ("test" as const);
      return { ...clip, split };
    });
    named.push({ ...named[0], audioHash: "0".repeat(64), group: "x", split: "valid" as never });
    const changedData = { ...store, clips: named };
    expect(await nValidationOf(changedData)).toEqual([5, null]);
  });

  it("says that a model does not differ from itself", async () => {
    const { differences } = await compareModels(first, first, store, engine);
    expect(differences["balancedAccuracy"]).toEqual({ difference: 0, interval: [0, 0] });
  });

  it("tells how far it is, over both models", async () => {
    const told: [number, number][] = [];
    await compareModels(first, linear, store, {
      ...engine,
      onProgress: (done, total) => told.push([done, total]),
    });
    const n = (await evaluateModel(first, store, engine)).net.nClips;
    expect(told).toEqual([
      [n, 2 * n],
      [2 * n, 2 * n],
    ]);
  });

  it.each([
    [
      { labels: ["bang", "crash", "drum", "fizz", "hiss"] },
      "other must have the labels of the first model, got one that does not know hum, tone, and one that alone knows bang, crash, drum and 1 more",
    ],
    [
      { labels: ["hiss", "hum"] },
      "other must have the labels of the first model, got one that does not know tone",
    ],
    [{ task: "multi-label" as const }, "other must be a single-label model like the first, got multi-label"],
    [
      { frontEnd: frontEnd({ ...TINY_FRONT_END, nMels: 8 }) },
      /store: holds features of another front end than the other model's \(`nMels` 16 there, 8 here\); extract them again with the other model's$/,
    ],
  ])("names what keeps two models from being compared (%#)", async (info, message) => {
    await expect(compareModels(first, changed(info), store, engine)).rejects.toThrow(message);
  });

  it("says that no clip is left", async () => {
    const seen = changed({ trainClips: first.info.trainClips + first.info.validClips! });
    const test = (await evaluateModel(first, store, engine)).answers.map(({ clip }) =>
      clip.audioHash.slice(0, 10),
    );
    const all = changed({ ...seen.info, trainClips: seen.info.trainClips + test.join("") });
    await expect(compareModels(first, all, store, engine)).rejects.toThrow(
      /store: has no clip in its test split that neither model has seen; use data that both have not seen$/,
    );
    await expect(compareModels(first, other, store, { ...engine, split: "valid" as never })).rejects.toThrow(
      "split must be one of test, all, got valid",
    );
  });
});
