import { describe, expect, it } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";
import type { Split } from "../../src/dataset/split-names.js";
import { ownSets, recordValidClips } from "../../src/evaluation/own-sets.js";
import { frontEnd } from "../../src/features/front-end.js";
import { trainModel } from "../../src/training/train-model.js";
import { ENGINE } from "../engine.js";
import { makeSound, makeTinyStore, TINY_CONFIG, TINY_FRONT_END, tinyClips } from "../training/tiny-store.js";

const clips = tinyClips();
const store = await makeTinyStore(clips);
const { model } = await trainModel(store, { ...TINY_CONFIG, epochs: 1 }, { engine: ENGINE });
/** The model as older versions wrote it. */
const older = (() => {
  const { validClips: _, ...info } = model!.info;
  return { ...model!, info };
})();
const namesOf = (data: Parameters<typeof ownSets>[1], of = model!) => {
  const { train, valid } = ownSets(of, data);
  return [train, valid].map((set) => set.clips.map(({ name }) => name).sort());
};
const namesIn = (split: string) => clips.flatMap((clip) => (clip.split === split ? [clip.name] : [])).sort();

describe("ownSets", () => {
  it("are the sets of the training", () => {
    expect(namesOf(store)).toEqual([namesIn("train"), namesIn("valid")]);
    expect(ownSets(model!, store).valid.labels).toEqual(model!.info.labels);
  });

  it("are the same when the data have grown or lost clips", async () => {
    const more = Array.from({ length: 6 }, (_, i) => ({
      ...{ name: `more/${i}.wav`, labels: ["hum"], split: i < 3 ? ("train" as const) : ("valid" as const) },
      wav: encodeWav(makeSound("hum", `more ${i}`)),
    }));
    expect(namesOf(await makeTinyStore([...clips, ...more]))).toEqual([namesIn("train"), namesIn("valid")]);
    const fewer = { ...store, clips: store.clips.filter(({ split }) => split !== "test") };
    expect(namesOf(fewer)).toEqual([namesIn("train"), namesIn("valid")]);
  });

  it("have each clip once when the data have grown by copies of them", async () => {
    const copies = clips
      .filter(({ split }) => split !== "test")
      .map((clip) => ({ ...clip, name: `${clip.name} (copy)` }));
    expect(namesOf(await makeTinyStore([...clips, ...copies]))).toEqual([namesIn("train"), namesIn("valid")]);
  });

  it("are not found in other data", async () => {
    const others = await makeTinyStore(
      clips.map((clip, i) => ({ ...clip, wav: encodeWav(makeSound("hum", `other ${i}`)) })),
    );
    const reason = (which: string) =>
      `holds none of the ${which} clips of the model; use the data that it was trained on`;
    expect(() => namesOf(others)).toThrow(reason("training"));
    for (const [split, which] of [["train", "training"] as const, ["valid", "validation"] as const]) {
      const without = { ...store, clips: store.clips.filter((clip) => clip.split !== split) };
      expect(() => namesOf(without)).toThrow(reason(which));
    }
    const wide = await makeTinyStore(clips.slice(0, 2), frontEnd({ ...TINY_FRONT_END, nMels: 20 }));
    expect(() => namesOf(wide)).toThrow("holds features of another front end than the model's (");
  });
});

describe("a model that does not say which clips chose its epoch", () => {
  /** The same audio with other splits, or without some clips. */
  const storeWith = (splitOf: (split: Split) => Split | null) =>
    makeTinyStore(
      clips.flatMap((clip) => {
        const split = splitOf(clip.split!);
        return split === null ? [] : [{ ...clip, split }];
      }),
    );

  it("has its own sets in the data of its training, where its validation clips can be recorded", () => {
    expect(namesOf(store, older)).toEqual([namesIn("train"), namesIn("valid")]);
    expect(recordValidClips(older, store)).toEqual(model);
    expect(recordValidClips(model!, store)).toBe(model);
    const { trainClips } = older.info;
    const further = { ...older, info: { ...older.info, trainClips: `${trainClips}ffffffffff` } };
    expect(recordValidClips(further, store)).toBe(further);
  });

  it.each<[string, (split: Split) => Split | null]>([
    [
      "whose splits have changed places",
      (split) => (({ train: split, valid: "test", test: "valid" }) as const)[split],
    ],
    ["without its validation clips", (split) => (split === "valid" ? null : split)],
    ["without a test clip", (split) => (split === "test" ? null : split)],
  ])("has none in data %s, and nothing is recorded", async (_, splitOf) => {
    const other = await storeWith(splitOf);
    expect(() => namesOf(other, older)).toThrow(
      "holds other clips or splits than when the model was trained, and the model does not say which clips chose its epoch; use the data that it was trained on, unchanged",
    );
    expect(recordValidClips(older, other)).toBe(older);
  });
});
