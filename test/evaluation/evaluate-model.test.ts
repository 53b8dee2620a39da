import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { DataError } from "../../src/core/errors.js";
import { type FeatureData, featuresInMemory } from "../../src/dataset/feature-data.js";
import { splitClips } from "../../src/dataset/splits.js";
import { argmax } from "../../src/evaluation/answers.js";
import { evaluateModel } from "../../src/evaluation/evaluate-model.js";
import { measuresOf } from "../../src/evaluation/measures.js";
import { frontEnd } from "../../src/features/front-end.js";
import { decodeWeights } from "../../src/graph/index.js";
import type { Engine } from "../../src/runtime/engine.js";
import { decodeLinearModel } from "../../src/tagging/linear-model.js";
import { wasTrainedOn } from "../../src/tagging/model-clips.js";
import { uncalibrated } from "../../src/tagging/model-file.js";
import { trainLinearBaseline } from "../../src/training/linear-baseline.js";
import { trainModel } from "../../src/training/train-model.js";
import { countingEngine, ENGINE } from "../engine.js";
import { edited, node } from "../tagging/edit-model.js";
import {
  changeFeatures,
  makeSound,
  makeTinyStore,
  SOUNDS,
  TINY_CONFIG,
  tinyClips,
} from "../training/tiny-store.js";

const store = await makeTinyStore();
let baseline: Uint8Array | null = null;
const { model } = await trainModel(store, TINY_CONFIG, {
  engine: ENGINE,
  async onStart({ sets, task, splits, config }) {
    const { seed, validFraction, testFraction } = config;
    const split = { seed, validFraction, testFraction, hash: splits.hash };
    baseline = await trainLinearBaseline(sets, { task, seed, split, engine: ENGINE });
  },
});

const CALIBRATION = {
  temperature: 1,
  basis: "fitted" as const,
  thresholds: null,
  sharedThreshold: [],
  unknown: null,
  validation: { nClips: 6, loss: [1, 1], calibrationError: [0, 0] } as const,
};

const evaluate = (data: FeatureData, options: Partial<Parameters<typeof evaluateModel>[2]> = {}) =>
  evaluateModel(model!, data, { engine: ENGINE, ...options });

/** The store's clips under other names, without the splits that it names. */
const unsplit = (data: FeatureData): FeatureData => ({
  ...data,
  clips: data.clips.map((clip) => ({ ...clip, split: null })),
});

describe("evaluateModel", () => {
  it("scores the test split, beside both baselines", async () => {
    const { split, isExternal, net, majority, linear } = await evaluate(store, { linear: baseline });
    expect([split, isExternal]).toEqual(["test", false]);
    expect([net, majority, linear].map((scores) => scores!.nClips)).toEqual([6, 6, 6]);
    expect(majority.task === "single-label" && majority.balancedAccuracy).toBeCloseTo(1 / 3, 12);
    // Hiss, hum and tone are far apart in their descriptors.
    expect(linear!.task === "single-label" && linear!.balancedAccuracy).toBe(1);
  });

  it("does not run the graph in the file of the linear baseline", async () => {
    const negated = edited(baseline!, ({ graph }) => {
      const softmax = graph!.node!.find(({ opType }) => opType === "Softmax")!;
      graph!.node!.splice(graph!.node!.indexOf(softmax), 0, node("Neg", softmax.input![0], "negated"));
      softmax.input![0] = "negated";
    });
    const [own, other] = await Promise.all([baseline, negated].map((linear) => evaluate(store, { linear })));
    expect(other).toEqual(own);
    await expect(evaluate(store, { linear: baseline!.subarray(9) })).rejects.toThrow(
      /^linear baseline: is not an ONNX model \(/,
    );
  });

  it.each(["model", "linear baseline"])(
    "names the %s if its probabilities are not from 0 to 1",
    async (name) => {
      const engine: Engine = {
        async open(bytes) {
          const session = await ENGINE.open(bytes);
          const isNet = !decodeWeights(bytes, "").get("output.weight")!.shape.includes(44);
          if (isNet !== (name === "model")) return session;
          const give = async (feeds: Parameters<typeof session.run>[0]) => {
            const { probabilities } = await session.run(feeds);
            return { probabilities: { ...probabilities, data: probabilities.data.fill(Number.NaN) } };
          };
          return { ...session, run: give, close: () => session.close() };
        },
      };
      await expect(evaluate(store, { linear: baseline, engine })).rejects.toThrow(
        new DataError(name, "gave the probability NaN, which is not from 0 to 1; train it again"),
      );
    },
  );

  it("has no linear baseline where none is given", async () => {
    expect((await evaluate(store)).linear).toBeNull();
  });

  it("scores the split that is asked for: the validation score of training again", async () => {
    const { split, uncalibrated } = await evaluate(store, { split: "valid" });
    expect(split).toBe("valid");
    const { valid } = model!.info;
    expect(uncalibrated?.task === "single-label" && uncalibrated.balancedAccuracy).toBe(
      valid["balancedAccuracy"],
    );
    expect(uncalibrated!.loss).toBeCloseTo(model!.info.valid["loss"], 12);
  });

  it("leaves out clips that the model was trained on or that chose its epoch", async () => {
    const { net } = await evaluate(store);
    const all = await evaluate(store, { split: "all" });
    const leftOut = { trainedOn: 15, choseEpoch: 6, sameGroup: 0, unknownLabels: 0 };
    expect(all).toMatchObject({ split: "all", isExternal: false, leftOut, net });
    const moved = store.clips.map((clip) => ({ ...clip, split: "test" as const }));
    expect(await evaluate({ ...store, clips: moved })).toMatchObject({ split: "test", leftOut, net });
  });

  it("scores the train split if it is asked for by name", async () => {
    const { split, net } = await evaluate(store, { split: "train" });
    expect([split, net.nClips]).toEqual(["train", 15]);
  });

  it("makes the sounds of no class once for a model, however many parts are scored", async () => {
    let nOpened = 0;
    const engine: Engine = {
      open(model) {
        nOpened++;
        return ENGINE.open(model);
      },
    };
    const first = await evaluate(store, { engine });
    expect([await evaluate(store, { engine }), nOpened]).toEqual([first, 3 + 2]);
  });

  it("compares the model with both baselines on the same clips, and gives its answer to each", async () => {
    const { net, linear, majority, differences, answers } = await evaluate(store, { linear: baseline });
    expect(Object.keys(differences.majority)).toEqual(measuresOf("single-label").map(({ name }) => name));
    for (const { name, of } of measuresOf("single-label")) {
      expect(differences.majority[name].difference).toBe(of(net) - of(majority));
      expect(differences.linear![name].difference).toBe(of(net) - of(linear!));
    }
    expect((await evaluate(store)).differences.linear).toBeNull();
    const test = store.clips.filter(({ split }) => split === "test");
    expect(answers.map(({ clip }) => clip.name)).toEqual(test.map(({ name }) => name));
    const right = answers.filter(
      ({ clip, probabilities }) => SOUNDS[argmax(probabilities)] === clip.labels[0],
    );
    expect(net.task === "single-label" && net.accuracy).toBe(right.length / 6);
  });

  it("says which clips chose what", async () => {
    const chose = {
      ...{ nTrained: 15, nValidation: 6, countsStart: false, nInTrainedGroups: 0 },
      validationChose: ["epoch", "limit of novelty"],
    };
    expect((await evaluate(store)).chose).toEqual({ ...chose, seenIn: null });
    expect((await evaluate(store, { split: "valid" })).chose).toEqual({ ...chose, seenIn: "valid" });
    expect((await evaluate(store, { split: "train" })).chose).toEqual({ ...chose, seenIn: "train" });
    const others = await makeTinyStore(
      tinyClips().map((clip, i) => ({ ...clip, wav: encodeWav(makeSound("hum", `other ${i}`)) })),
    );
    // The model has seen none of these, whatever they call their splits.
    expect((await evaluate(others, { split: "train" })).chose).toEqual({ ...chose, seenIn: null });
    const { validClips: _, ...info } = model!.info;
    const older = { ...model!, info };
    const choseOf = async (data: FeatureData) => (await evaluateModel(older, data, { engine: ENGINE })).chose;
    expect(await choseOf(store)).toEqual({ ...chose, seenIn: null });
    expect(await choseOf(others)).toEqual({ ...chose, nValidation: null, seenIn: null });
  });

  it("scores the answers before calibration as well, and names what the calibration chose", async () => {
    const plain = uncalibrated(model!);
    const calibration = { ...CALIBRATION, temperature: 2 };
    const calibrated = { ...plain, info: { ...plain.info, calibration } };
    const [before, after] = await Promise.all(
      [plain, calibrated].map((each) => evaluateModel(each, store, { engine: ENGINE })),
    );
    expect(after.uncalibrated).toEqual(before.net);
    expect(after.net.loss).not.toBe(before.net.loss);
    expect(after.answers.map((answer) => answer.uncalibrated)).toEqual(
      before.answers.map(({ probabilities }) => probabilities),
    );
    expect([before.uncalibrated, before.answers[0].uncalibrated]).toEqual([null, null]);
    expect(after.chose.validationChose).toEqual(["epoch", "temperature"]);
    const told: number[] = [];
    await evaluateModel(calibrated, store, { engine: ENGINE, onProgress: (done) => told.push(done) });
    expect(told).toEqual([3, 6]);
  });

  it("scores a linear baseline as a model, as it does beside a net", async () => {
    const linear = decodeLinearModel(baseline!, "m.linear.onnx");
    const [own, beside] = await Promise.all([
      evaluateModel(linear, store, { engine: ENGINE }),
      evaluate(store, { linear: baseline }),
    ]);
    expect([own.kind, beside.kind, own.split, own.isExternal]).toEqual(["linear", "net", "test", false]);
    expect([own.net, own.majority]).toEqual([beside.linear, beside.majority]);
    expect([own.linear, own.uncalibrated]).toEqual([null, null]);
    expect(own.chose).toEqual({ ...beside.chose, validationChose: ["epoch"] });
    const all = await evaluateModel(linear, store, { engine: ENGINE, split: "all" });
    expect(all.leftOut).toEqual({ trainedOn: 15, choseEpoch: 6, sameGroup: 0, unknownLabels: 0 });
  });

  it("scores all clips of other data that name no split", async () => {
    const others = await makeTinyStore(tinyClips().filter(({ split }) => split === "test"));
    const { split, isExternal, net } = await evaluate(unsplit(others));
    expect([split, isExternal, net.nClips]).toEqual(["all", true, 6]);
  });

  it("scores the test split of other data that name their splits, and says that they are other data", async () => {
    const others = await makeTinyStore(
      tinyClips().map((clip, i) => ({ ...clip, wav: encodeWav(makeSound("hum", `other ${i}`)) })),
    );
    const { split, isExternal, net } = await evaluate(others);
    expect([split, isExternal, net.nClips]).toEqual(["test", true, 6]);
  });

  it("does not take data without splits for other data if the model has seen one of the clips", async () => {
    const isKnown = wasTrainedOn(model!.info);
    const unseen = store.clips.filter(({ split }) => split === "test");
    const known = store.clips.find(({ audioHash }) => isKnown(audioHash))!;
    const validated = store.clips.find(({ split }) => split === "valid")!;
    expect(await evaluate(unsplit({ ...store, clips: unseen }))).toMatchObject({
      split: "all",
      leftOut: null,
    });
    const { split, net, leftOut } = await evaluate(
      unsplit({ ...store, clips: [...unseen, known, validated] }),
    );
    expect([split, net.nClips]).toEqual(["test", 6]);
    expect(leftOut).toEqual({ trainedOn: 1, choseEpoch: 1, sameGroup: 0, unknownLabels: 0 });
  });

  it("draws splits again as they were drawn for training, so that no training clip is scored", async () => {
    const data = unsplit(store);
    const drawn = { seed: 3, validFraction: 0.2, testFraction: 0.3 };
    const run = await trainModel(data, { ...TINY_CONFIG, ...drawn, epochs: 1 }, { engine: ENGINE });
    for (const part of ["test", "valid"] as const) {
      const scored = await evaluateModel(run.model!, data, { engine: ENGINE, split: part });
      const { [part]: clips } = splitClips(data.clips, drawn);
      expect([scored.isExternal, scored.net.nClips]).toEqual([false, clips.length]);
    }
    const { split, net } = await evaluateModel(run.model!, data, { engine: ENGINE });
    expect([split, net.nClips]).toEqual(["test", 9]);
  });

  it("closes every model that it opens, even if scoring fails", async () => {
    const { engine, open } = countingEngine();
    await evaluate(store, { engine, linear: baseline });
    expect(open()).toBe(0);
    const failed = evaluate(store, {
      engine,
      onProgress: () => {
        throw new Error("a listener's error");
      },
    });
    await expect(failed).rejects.toThrow("a listener's error");
    expect(open()).toBe(0);
  });

  it("says why no clip is left to score", async () => {
    const known = unsplit(await makeTinyStore(tinyClips().slice(0, 6)));
    await expect(evaluate(known)).rejects.toThrow(
      /store: has no clips that the model has not seen; left out are 5, since the model was trained on them; 1, since they chose its epoch$/,
    );
  });

  it("names a split without clips", async () => {
    const clips = store.clips.filter(({ split }) => split === "test");
    await expect(evaluate({ ...store, clips }, { split: "valid" })).rejects.toThrow(
      /: has no clips in the valid split; choose another `split`$/,
    );
  });

  it("names the settings of another front end", async () => {
    const other = featuresInMemory(frontEnd({ ...model!.info.frontEnd, nMels: 8 }), [], { name: "other" });
    await expect(evaluate(other)).rejects.toThrow(
      "other: holds features of another front end than the model's (`nMels` 8 there, 16 here)",
    );
  });

  it("names a clip whose features or descriptors are not finite", async () => {
    const own = await makeTinyStore();
    const clip = own.clips.find(({ split }) => split === "test")!;
    const path = join(own.dir, clip.descriptors);
    const bytes = readFileSync(path);
    writeFileSync(
      path,
      Buffer.concat([bytes.subarray(0, -4), Buffer.from(Float32Array.of(Number.NaN).buffer)]),
    );
    await expect(evaluate(own, { linear: baseline })).rejects.toThrow(
      `${clip.name}: holds descriptors that are not finite numbers; delete ${path} and extract the source again`,
    );
    changeFeatures(own, clip, () => Number.NEGATIVE_INFINITY);
    await expect(evaluate(own)).rejects.toThrow(`${clip.name}: holds features that are not finite numbers`);
  });

  it("tells how far it is", async () => {
    const told: [number, number][] = [];
    await evaluate(store, { onProgress: (done, total) => told.push([done, total]) });
    expect(told.at(-1)).toEqual([6, 6]);
  });
});

/** New clips, of sounds that the model knows and one that it does not. */
const added = ["hiss", "hum", "tone", "tone"].map((sound, i) => ({
  name: `new/${i}.wav`,
  labels: [i === 3 ? "drum" : sound],
  split: null,
  wav: encodeWav(makeSound(sound as "hum", `new ${i}`)),
}));

describe("a store that grew after the training", () => {
  const clips = tinyClips().map((clip) => ({ ...clip, split: null }));
  const before = makeTinyStore(clips);
  const trained = before.then((data) => trainModel(data, { ...TINY_CONFIG, epochs: 1 }, { engine: ENGINE }));
  /** The splits of the training. */
  const splitsBefore = async () => {
    const { seed, validFraction, testFraction } = (await trained).model!.info.split;
    return splitClips((await before).clips, { seed, validFraction, testFraction });
  };

  it("is scored by every clip that the model has not seen", async () => {
    const { model } = await trained;
    const grown = await makeTinyStore([...clips, ...added]);
    const { train, valid, test } = await splitsBefore();
    const evaluation = await evaluateModel(model!, grown, { engine: ENGINE });
    expect(evaluation).toMatchObject({
      split: "test",
      leftOut: { trainedOn: train.length, choseEpoch: valid.length, sameGroup: 0, unknownLabels: 1 },
      net: { nClips: test.length + 3 },
    });
    for (const [split, clips] of [
      ["train", train],
      ["valid", valid],
    ] as const) {
      const { net, leftOut } = await evaluateModel(model!, grown, { engine: ENGINE, split });
      expect([net.nClips, leftOut]).toEqual([clips.length, null]);
    }
  });

  it("is not scored by a new clip in a group with one that the model was trained on", async () => {
    const { model } = await trained;
    const { train } = await splitsBefore();
    const [hiss, ...others] = added;
    const grown = await makeTinyStore([...clips, { ...hiss, group: train[0].group }, ...others]);
    const { leftOut } = await evaluateModel(model!, grown, { engine: ENGINE });
    expect(leftOut).toMatchObject({ sameGroup: 1, unknownLabels: 1 });
  });

  it("is scored by its test clips alone if it names them", async () => {
    const grown = await makeTinyStore([
      ...tinyClips(),
      ...added
        .slice(0, 3)
        .map((clip, i) => ({ ...clip, split: i === 0 ? ("test" as const) : ("train" as const) })),
    ]);
    const { net, leftOut } = await evaluate(grown);
    expect([net.nClips, leftOut]).toEqual([7, null]);
  });

  it("is not scored if the model does not say which clips chose its epoch", async () => {
    const { model } = await trained;
    const { validClips: _, ...info } = model!.info;
    const older = { ...model!, info };
    expect((await evaluateModel(older, await before, { engine: ENGINE })).leftOut).toBeNull();
    const grown = await makeTinyStore([...clips, ...added]);
    await expect(evaluateModel(older, grown, { engine: ENGINE })).rejects.toThrow(
      /store: holds other clips than when the model was trained, and the model, made by an older version, does not say which of them chose its epoch; /,
    );
  });
});
