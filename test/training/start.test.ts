import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/core/tensor.js";
import { evaluateModel } from "../../src/evaluation/evaluate-model.js";
import { netConfig } from "../../src/nn/architectures.js";
import { decodeModel, encodeModel, modelIdentity, type TrainedModel } from "../../src/tagging/model-file.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/training/checkpoint.js";
import { type NormalizeConfig, type StartConfig, trainConfig } from "../../src/training/config.js";
import { DivergedError } from "../../src/training/fit.js";
import { frozenCount } from "../../src/training/freezing.js";
import { startingConfig } from "../../src/training/start.js";
import { trainHead } from "../../src/training/train-head.js";
import { type RunStart, trainModel } from "../../src/training/train-model.js";
import { ENGINE } from "../engine.js";
import { messageOf, rejectionOf } from "../store/message-of.js";
import { makeTinyStore, TINY_CONFIG, tinyClips } from "./tiny-store.js";

const store = await makeTinyStore();
const { model: first } = await trainModel(store, { ...TINY_CONFIG, epochs: 1 }, { engine: ENGINE });
const model = first!;

/** The same clips under two other labels. */
const renamed = {
  ...store,
  clips: store.clips.map((clip) => ({ ...clip, labels: [clip.labels[0] === "tone" ? "pitched" : "other"] })),
};

const { net: _, ...SETTINGS } = TINY_CONFIG; // the net is the model's
const trainFrom = (
  start: Partial<StartConfig>,
  config: Partial<Parameters<typeof trainModel>[1]> = {},
  options: Partial<Parameters<typeof trainModel>[2]> = {},
  data: Parameters<typeof trainModel>[0] = renamed,
) =>
  trainModel(data, { ...SETTINGS, epochs: 2, ...config, start }, { engine: ENGINE, from: model, ...options });

/** The names of the tensors whose bytes differ. */
const changedIn = (trained: TrainedModel, before: TrainedModel = model) =>
  [...trained.weights].flatMap(([name, { data }]) => (same(data, before.weights.get(name)) ? [] : [name]));
const same = (data: Float32Array, tensor: Tensor | undefined) =>
  tensor !== undefined && Buffer.compare(Buffer.from(data.buffer), Buffer.from(tensor.data.buffer)) === 0;

describe("a run that starts from a model", () => {
  it.each<[string, Partial<StartConfig>, RegExp]>([
    ["all blocks", { freeze: "body", batchNorm: "adapt" }, /^output/],
    ["half of the blocks, unless something else is asked for", {}, /^(?:output|block2(?!.*\.(?:mean|var)$))/],
    ["one block", { freeze: 1, batchNorm: "adapt" }, /^(?:output|block2)/],
    [
      "no block, but batch norm's averages",
      { freeze: "none", batchNorm: "keep" },
      /^(?!.*\.norm\.(?:mean|var)$)/,
    ],
    ["nothing", { freeze: "none", batchNorm: "adapt" }, /./],
  ])("leaves every bit of what is frozen: %s", async (_, start, changing) => {
    const { model: trained } = await trainFrom(start);
    const changed = changedIn(trained!);
    const expected = [...model.weights.keys()].filter((name) => changing.test(name));
    expect(changed.sort()).toEqual(expected.sort());
  });

  it("moves batch norm's averages on from the model's, without the warm-up that new ones have", async () => {
    const name = "block1.norm.mean";
    const { shape, data } = model.weights.get(name)!;
    const far = { shape, data: data.map(() => 1000) };
    const from = { ...model, weights: new Map([...model.weights, [name, far]]) };
    const { model: trained } = await trainFrom(
      { freeze: "none", batchNorm: "adapt", lastLayer: "drawn" },
      { epochs: 1 },
      { from },
    );
    // A step takes a tenth of the new batch; the first of a warm-up takes all of it.
    expect(model.net.batchNorm!.warmUp).toBe(true);
    for (const mean of trained!.weights.get(name)!.data) expect(mean).toBeGreaterThan(500);
    expect(trained!.net).toEqual(model.net);
  });

  it("fits a last layer for other labels to the embeddings, as a linear head is, unless it is to be drawn", async () => {
    const { model: head } = await trainHead(renamed, model, { engine: ENGINE });
    const start = async (lastLayer: StartConfig["lastLayer"], balance: boolean) => {
      const settings = { epochs: 1, learningRate: 1e-12, emaDecay: 0, balance };
      const { model: trained } = await trainFrom({ freeze: "body", lastLayer }, settings);
      return ["output.weight", "output.bias"].map((name) => trained!.weights.get(name)!.data);
    };
    const fitted = ["output.weight", "output.bias"].map((name) => head.weights.get(name)!.data);
    expect(await start("fitted", true)).toEqual(fitted);
    const [weight, bias] = await start("fitted", false);
    expect(weight).toEqual(fitted[0]);
    expect(bias).not.toEqual(fitted[1]); // two of three sounds have the same label
    expect(await start("drawn", true)).not.toEqual(fitted);
  });

  it("has a lower learning rate than a new run, unless another is asked for", () => {
    expect(startingConfig(model).learningRate).toBeLessThan(trainConfig().learningRate);
    expect(startingConfig(model, { learningRate: 0.01 }).learningRate).toBe(0.01);
  });

  it("says what it started from", async () => {
    const starts: RunStart[] = [];
    const { model: trained } = await trainFrom(
      { freeze: "body" },
      {},
      { onStart: (run) => void starts.push(run) },
    );
    expect(starts[0].start!.keepsHead).toBe(false);
    expect(trained!.weights.get("output.weight")!.shape).toEqual([
      2,
      model.weights.get("output.weight")!.shape[1],
    ]);
    const { info } = decodeModel(encodeModel(trained!), "model.onnx");
    expect(info).toEqual(trained!.info);
    expect(info.start).toEqual({ model: modelIdentity(model), labels: ["hiss", "hum", "tone"] });
    expect(model.info.start).toBeUndefined();
  });

  it("counts the clips of the model's training as seen, under whatever labels", async () => {
    const others = await makeTinyStore(
      tinyClips().flatMap((clip, i) =>
        clip.split === "test"
          ? [{ ...clip, labels: [i < 9 ? "a" : "b"], split: i % 2 ? "train" : "valid" } as const]
          : [],
      ),
    );
    const { model: trained } = await trainFrom({}, { testFraction: 0 }, {}, others);
    const all = { ...store, clips: store.clips.map((clip) => ({ ...clip, labels: ["a"] })) };
    const message = await rejectionOf(evaluateModel(trained!, all, { engine: ENGINE, split: "test" }));
    expect(message).toMatch(/trained on/);
  });

  it("keeps the model's normalization, or fits one of its kind", async () => {
    expect((await trainFrom({}, { epochs: 1 })).model!.normalization).toEqual(model.normalization);
    const some = {
      ...renamed,
      clips: renamed.clips.filter(({ split }, i) => split !== "train" || i % 2 === 0),
    };
    const { model: fitted } = await trainFrom({ statistics: "train" }, { epochs: 1 }, {}, some);
    expect(fitted!.normalization.kind).toBe("standardize");
    expect(fitted!.normalization).not.toEqual(model.normalization);
  });

  it("brings segments to the model's level, or to that of the train split", async () => {
    const normalize = { ...model.info.config["normalize"]!, level: "segment" } as NormalizeConfig;
    const settings = { ...TINY_CONFIG, epochs: 1, normalize };
    const { model: leveled } = await trainModel(store, settings, { engine: ENGINE });
    const { level } = leveled!.normalization;
    expect(level!.target).toBeGreaterThan(0);
    expect(leveled!.normalization).not.toEqual({ ...model.normalization, level });
    const options = { from: leveled! };
    const some = { ...renamed, clips: renamed.clips.filter(({ split }, i) => split !== "train" || i % 2) };
    const kept = await trainFrom({}, { epochs: 1 }, options, some);
    expect(kept.model!.normalization).toEqual(leveled!.normalization);
    expect(kept.model!.info.config["normalize"]).toEqual(normalize);
    const fitted = await trainFrom({ statistics: "train" }, { epochs: 1 }, options, some);
    expect(fitted.model!.normalization.level!.target).toBeGreaterThan(0);
    expect(fitted.model!.normalization.level).not.toEqual(level);
    const message = await rejectionOf(trainFrom({}, { normalize }));
    expect(message).toBe('normalize.level must be the model\'s, "none", got segment');
  });

  it.each([1, 2, 3])(
    "thaws block by block, and is resumed after epoch %i with the same bits",
    async (stop) => {
      const start = { freeze: "gradual", batchNorm: "adapt" } as const;
      const seen: string[][] = [];
      const changed = (history: readonly unknown[], tensors: ReadonlyMap<string, Tensor>) => {
        const blocks = [...tensors].flatMap(([name, { data }]) =>
          /^block\d\.conv\.weight$/.test(name) && !same(data, model.weights.get(name))
            ? [name.slice(0, 6)]
            : [],
        );
        seen[history.length - 1] = blocks;
      };
      const whole = await trainFrom(
        start,
        { epochs: 4 },
        { onEpoch: (_, { checkpoint: { state } }) => changed(state.history, state.tensors) },
      );
      expect(seen).toEqual([[], ["block2"], ["block1", "block2"], ["block1", "block2"]]);
      const { checkpoint } = await trainFrom(
        start,
        { epochs: 4 },
        { onEpoch: ({ epoch }) => (epoch === stop ? "stop" : undefined) },
      );
      const resume = decodeCheckpoint(encodeCheckpoint(checkpoint), "c.safetensors");
      const resumed = await trainModel(renamed, {}, { engine: ENGINE, from: model, resume });
      expect(resumed.model).toEqual(whole.model);
      expect(resumed.checkpoint).toEqual(whole.checkpoint);
    },
  );

  it("freezes a block again, as it is by then, if many more epochs are asked for", async () => {
    const start = { freeze: "gradual", batchNorm: "keep" } as const;
    const { checkpoint } = await trainFrom(
      start,
      { epochs: 4 },
      { onEpoch: ({ epoch }) => (epoch === 2 ? "stop" : undefined) },
    );
    const {
      checkpoint: { state },
    } = await trainModel(
      renamed,
      { epochs: 40 },
      { engine: ENGINE, from: model, resume: checkpoint, onEpoch: () => "stop" },
    );
    const name = "block2.conv.weight";
    const { data } = checkpoint.state.tensors.get(name)!;
    expect(same(data, model.weights.get(name))).toBe(false);
    expect(same(data, state.tensors.get(name))).toBe(true);
    expect(state.tensors.has(`${name}.momentum`)).toBe(false);
  });

  it("keeps the whole net, frozen blocks too, if it diverges", async () => {
    const error = await trainFrom({ freeze: "body" }, { learningRate: 1e38 }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(DivergedError);
    const { tensors } = (error as DivergedError).divergence;
    expect([...tensors.keys()]).toEqual(expect.arrayContaining([...model.weights.keys()]));
  });

  it("records layer statistics of the layers that train", async () => {
    const { history } = await trainFrom({ freeze: "gradual" }, { watch: true });
    expect(history.map(({ layers }) => layers!.map(({ layer }) => layer))).toEqual([
      ["output"],
      ["block1", "block2", "output"],
    ]);
  });

  it.each<[string, Partial<Parameters<typeof trainModel>[1]>, string]>([
    [
      "a number of blocks",
      { start: { freeze: 3 } },
      "start.freeze must be at most 2 for the model's 2 blocks, got 3",
    ],
    [
      "freezing",
      { start: { freeze: "head" } as never },
      "start.freeze must be one of none, half, body, gradual, got head",
    ],
    [
      "a setting",
      { start: { frozen: 1 } as never },
      "start must have no settings but freeze, statistics, batchNorm, lastLayer, got frozen",
    ],
    [
      "a net",
      { net: netConfig({ kind: "mlp", units: [3] }), segmentFrames: 16 },
      "net must be the model's, ",
    ],
  ])("names what it cannot do: %s", async (_, config, message) => {
    expect(await rejectionOf(trainModel(renamed, config, { engine: ENGINE, from: model }))).toContain(
      message,
    );
  });

  it("has no such settings without a model", async () => {
    const config = { ...TINY_CONFIG, start: { freeze: "body" as const } };
    expect(await rejectionOf(trainModel(store, config, { engine: ENGINE }))).toBe(
      'start must be left out unless training starts from a model, got {"freeze":"body","statistics":"model","batchNorm":"keep","lastLayer":"fitted"}',
    );
  });
});

describe("startingConfig", () => {
  it("takes net, segments and normalization from the model, and its own defaults for the rest", () => {
    const config = startingConfig(model, { epochs: 7 });
    expect(config).toMatchObject({ net: model.net, segmentFrames: 16, epochs: 7 });
    expect(trainConfig({ ...config })).toEqual(config);
    expect(messageOf(() => startingConfig(model, { segmentFrames: 32 }))).toBe(
      "segmentFrames must be the model's, 16, got 32",
    );
  });
});

describe("frozenCount", () => {
  it("rounds half of the blocks up", () => {
    const halves = [1, 2, 5].map((nBlocks) => frozenCount("half", { epoch: 1, epochs: 1, nBlocks }));
    expect(halves).toEqual([1, 1, 3]);
  });
  it.each([
    [5, 10, [5, 4, 3, 2, 1, 0, 0, 0, 0, 0]],
    [2, 8, [2, 2, 1, 1, 0, 0, 0, 0]],
    [5, 3, [5, 2, 0]],
    [1, 1, [1]],
    [0, 2, [0, 0]],
  ])("thaws %i blocks in the first half of %i epochs", (nBlocks, epochs, expected) => {
    const found = expected.map((_, i) => frozenCount("gradual", { epoch: i + 1, epochs, nBlocks }));
    expect(found).toEqual(expected);
  });
});
