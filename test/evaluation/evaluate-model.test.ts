import { describe, expect, it } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { DataError } from "../../src/core/errors.js";
import { type FeatureData, featuresInMemory } from "../../src/dataset/feature-data.js";
import { splitClips } from "../../src/dataset/splits.js";
import { evaluateModel } from "../../src/evaluation/evaluate-model.js";
import { frontEnd } from "../../src/features/front-end.js";
import { decodeWeights } from "../../src/graph/index.js";
import type { Engine } from "../../src/runtime/engine.js";
import { wasTrainedOn } from "../../src/tagging/model-file.js";
import { trainLinearBaseline } from "../../src/training/linear-baseline.js";
import { trainModel } from "../../src/training/train-model.js";
import { countingEngine, ENGINE } from "../engine.js";
import { edited, node } from "../tagging/edit-model.js";
import { makeSound, makeTinyStore, TINY_CONFIG, tinyClips } from "../training/tiny-store.js";

const store = await makeTinyStore();
let baseline: Uint8Array | null = null;
const { model } = await trainModel(store, TINY_CONFIG, {
  engine: ENGINE,
  async onStart({ sets, task }) {
    baseline = await trainLinearBaseline(sets, { task, seed: 1, engine: ENGINE });
  },
});
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
      /^linear baseline: is not an ONNX model: /,
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
    const { split, net } = await evaluate(store, { split: "valid" });
    expect(split).toBe("valid");
    expect(net.task === "single-label" && net.balancedAccuracy).toBe(model!.info.valid["balancedAccuracy"]);
    expect(net.loss).toBeCloseTo(model!.info.valid["loss"], 12);
  });

  it("does not score clips that the model was trained on", async () => {
    await expect(evaluate(store, { split: "all" })).rejects.toThrow(
      /: the model was trained on 15 of the 27 clips to score \(all\), e\.g\. hiss\/0\.wav; /,
    );
    const moved = store.clips.map((clip) => ({ ...clip, split: "test" as const }));
    await expect(evaluate({ ...store, clips: moved })).rejects.toThrow(DataError);
  });

  it("scores the train split if it is asked for by name", async () => {
    const { split, net } = await evaluate(store, { split: "train" });
    expect([split, net.nClips]).toEqual(["train", 15]);
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

  it("does not take data without splits for other data if the model was trained on one of the clips", async () => {
    const isKnown = wasTrainedOn(model!.info);
    const unseen = store.clips.filter(({ audioHash }) => !isKnown(audioHash));
    const known = store.clips.find(({ audioHash }) => isKnown(audioHash))!;
    const { split } = await evaluate(unsplit({ ...store, clips: unseen }));
    expect(split).toBe("all");
    // A few of the 13 clips are drawn for the test split; the known one is not among them.
    const { split: drawn, net } = await evaluate(unsplit({ ...store, clips: [...unseen, known] }));
    expect(drawn).toBe("test");
    expect(net.nClips).toBeLessThan(13);
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

  it("names the clips that it knows of data whose splits it cannot draw again", async () => {
    const grown = unsplit(await makeTinyStore(tinyClips().slice(0, 2)));
    await expect(evaluate(grown)).rejects.toThrow(
      /store: the model was trained on 2 of the 2 clips, e\.g\. hiss\/0\.wav, but the splits of its training cannot be drawn/,
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

  it("tells how far it is", async () => {
    const told: [number, number][] = [];
    await evaluate(store, { onProgress: (done, total) => told.push([done, total]) });
    expect(told.at(-1)).toEqual([6, 6]);
  });
});
