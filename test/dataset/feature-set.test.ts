import { closeSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { FeatureSet, featureSets } from "../../src/dataset/feature-set.js";
import { type ClipSplits, splitClips } from "../../src/dataset/splits.js";
import { frontEnd, frontEndHash, silenceValue } from "../../src/features/front-end.js";
import { encodeNpy } from "../../src/store/npy.js";
import {
  clipFiles,
  completeStore,
  type FeatureStore,
  openStore,
  prepareStore,
} from "../../src/store/store.js";
import { makeFolder } from "../store/files.js";
import { messageOf, rejectionOf } from "../store/message-of.js";
import { clipOf, makeStore } from "./stored-clips.js";

const allTrain = (store: FeatureStore): ClipSplits =>
  splitClips(store.clips, { validFraction: 0, testFraction: 0 });

describe("a feature set", () => {
  const store = makeStore(2, [
    {
      name: "a",
      label: "flute",
      frames: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      descriptors: [7, 8],
    },
    { name: "b", label: "cello", frames: [[9, 10]] },
  ]);
  const { train } = featureSets(store, allTrain(store));
  const read = async (clip: number, first: number, nFrames: number) => {
    const out = new Float32Array(2 * nFrames + 3).fill(-1);
    await train.readFrames(clip, first, nFrames, out, 2);
    return [...out];
  };

  it("reads the requested frames and no others", async () => {
    expect(await read(0, 1, 2)).toEqual([-1, -1, 3, 4, 5, 6, -1]);
    expect(await read(0, 0, 1)).toEqual([-1, -1, 1, 2, -1]);
  });
  it("gives silence past the end of the clip", async () => {
    expect(await read(0, 2, 3)).toEqual([-1, -1, 5, 6, 0, 0, 0, 0, -1]);
    expect(await read(1, 5, 1)).toEqual([-1, -1, 0, 0, -1]);
    const decibels = { ...store, frontEnd: frontEnd({ preset: "gct634-2020", nMels: 2 }) };
    const out = new Float32Array(2);
    await featureSets(decibels, allTrain(store)).train.readFrames(1, 1, 1, out, 0);
    expect([...out]).toEqual(new Array(2).fill(silenceValue(decibels.frontEnd)));
  });
  it("names a clip whose features or descriptors are not finite, and gives the clip's sound frames", async () => {
    const damaged = makeStore(2, [
      {
        name: "a",
        label: "x",
        frames: [
          [1, 2],
          [Number.NaN, 4],
        ],
        descriptors: [Number.POSITIVE_INFINITY, 1],
      },
    ]);
    const { train } = featureSets(damaged, allTrain(damaged));
    const [{ features, descriptors }] = damaged.clips;
    const out = new Float32Array(4);
    await train.readFrames(0, 0, 1, out, 2);
    expect([...out]).toEqual([0, 0, 1, 2]);
    expect(await rejectionOf(train.readFrames(0, 0, 2, out, 0))).toBe(
      `a: holds features that are not finite numbers; delete ${damaged.dir}/${features} and extract the source again`,
    );
    expect(await rejectionOf(train.readDescriptors(0))).toBe(
      `a: holds descriptors that are not finite numbers; delete ${damaged.dir}/${descriptors} and extract the source again`,
    );
  });
  it("has its vocabulary sorted, and the targets in that order", () => {
    expect(train.labels).toEqual(["cello", "flute"]);
    expect([...train.targets(0)]).toEqual([0, 1]);
    expect([...train.targets(1)]).toEqual([1, 0]);
  });
  it("reads descriptors", async () => {
    expect([...(await train.readDescriptors(0))].slice(0, 3)).toEqual([7, 8, 0]);
  });
  it("uses a given vocabulary, and names the labels that are not in it", () => {
    const labels = ["cello", "drums", "flute"];
    expect([...featureSets(store, allTrain(store), labels).train.targets(1)]).toEqual([1, 0, 0]);
    expect(messageOf(() => featureSets(store, allTrain(store), ["cello"]))).toBe(
      `${store.dir}: has labels that the model does not know: flute (on a); the model knows cello`,
    );
    const splits = { ...allTrain(store), test: [1, 2, 3, 4].map((i) => clipOf(`t${i}`, "gong")) };
    expect(messageOf(() => featureSets(store, splits))).toBe(
      `${store.dir}: has labels that no training clip has: gong (on t1, t2, t3 and 1 more); training clips have cello, flute`,
    );
  });
  it("names a file that is missing, truncated or of another shape", async () => {
    const damaged = makeStore(
      2,
      ["a", "b", "c", "d"].map((name) => ({ name, label: "x", frames: [[1, 2]] })),
    );
    const paths = damaged.clips.map((clip) => join(damaged.dir, clip.features));
    const set = featureSets(damaged, allTrain(damaged)).train;
    const message = (clip: number) => rejectionOf(set.readFrames(clip, 0, 1, new Float32Array(2), 0));
    const remedy = "delete it and extract the features again";
    truncateSync(paths[0], 130);
    expect(await message(0)).toBe(`${paths[0]}: is 130 bytes long, not 136; ${remedy}`);
    rmSync(paths[1]);
    expect(await message(1)).toBe(`${paths[1]}: does not exist; extract the features again`);
    writeFileSync(paths[2], readFileSync(paths[2], "latin1").replace("(1, 2)", "(2, 1)"), "latin1");
    expect(await message(2)).toBe(`${paths[2]}: has shape [2, 1], not [1, 2]; ${remedy}`);
    writeFileSync(paths[3], "");
    expect(await message(3)).toBe(`${paths[3]}: is not a .npy file`);
  });
});

describe("a store", () => {
  it("opens as it was completed", () => {
    const dir = join(makeFolder(), "store");
    const made = frontEnd({ nMels: 64 });
    prepareStore(dir, made);
    const clips = [clipOf("fl\u00fbte/a.wav", "x", { split: "test" }), clipOf("b.wav", "y")].map((clip) => ({
      ...clip,
      ...clipFiles(clip.audioHash, frontEndHash(made)),
    }));
    completeStore(dir, clips);
    prepareStore(dir, made);
    expect(openStore(dir)).toMatchObject({ dir, frontEnd: made, clips });
  });
  it("cannot be opened if it is incomplete, not a store, or damaged", () => {
    const dir = join(makeFolder(), "store");
    expect(messageOf(() => openStore(dir))).toBe(
      `${dir}: does not exist; extract features into a folder, and use that`,
    );
    expect(messageOf(() => openStore(makeFolder()))).toMatch(
      /: is not a feature store; extract features into /,
    );
    prepareStore(dir, frontEnd());
    expect(messageOf(() => openStore(dir))).toBe(
      `${dir}: is not complete: its extraction was stopped; extract the same source into it again to finish it`,
    );
    writeFileSync(join(dir, "clips.jsonl"), `${JSON.stringify(clipOf("a", "x"))}\n{"name":"b"}\n`);
    expect(messageOf(() => openStore(dir))).toBe(
      `${dir}/clips.jsonl:2: audioHash is not as timbrel writes it: Invalid input: expected string, received undefined`,
    );
    const record = readFileSync(join(dir, "store.json"), "utf8");
    writeFileSync(join(dir, "store.json"), record.replace('"nMels": 128', '"nMels": -1'));
    expect(messageOf(() => openStore(dir))).toMatch(
      /store\.json: nMels must be an integer from 1 to 4096, got -1$/,
    );
    writeFileSync(join(dir, "store.json"), record.replace('"nMels": 128', '"nMels": 127'));
    expect(messageOf(() => openStore(dir))).toBe(
      `${dir}/store.json: frontEndHash does not match its frontEnd; delete the folder and extract again`,
    );
    writeFileSync(join(dir, "store.json"), "{}");
    expect(messageOf(() => openStore(dir))).toMatch(/store\.json: version is not as timbrel writes it: /);
    writeFileSync(join(dir, "store.json"), record.replace('"version": 1', '"version": 99'));
    expect(messageOf(() => openStore(dir))).toBe(
      `${dir}/store.json: has version 99, but this version of timbrel reads 1; extract again into another folder`,
    );
  });
  it("does not accept features of another front end, and says what differs", () => {
    const dir = join(makeFolder(), "store");
    prepareStore(dir, frontEnd({ nMels: 96 }));
    expect(messageOf(() => prepareStore(dir, frontEnd({ compression: { kind: "log1p", scale: 2 } })))).toBe(
      `${dir}: holds features of another front end (\`nMels\` 96 there, 128 here; \`compression.kind\` log10 there, log1p here); choose another folder, or delete this one`,
    );
  });
  it("is not made in a folder that holds something else", () => {
    const dir = makeFolder();
    writeFileSync(join(dir, "thesis.txt"), "");
    expect(messageOf(() => prepareStore(join(dir, "thesis.txt"), frontEnd()))).toBe(
      `${dir}/thesis.txt: is a file; choose a folder`,
    );
    expect(messageOf(() => prepareStore(dir, frontEnd()))).toBe(
      `${dir}: is not a feature store but holds thesis.txt; choose another folder`,
    );
  });
});

it("a set takes its clips from the split it is named after", () => {
  const splits = { train: [clipOf("a", "x")], valid: [clipOf("b", "x")], test: [], hash: "" };
  expect(new FeatureSet(featuresInMemory(frontEnd(), []), splits, "valid", ["x"]).clips[0].name).toBe("b");
});

describe("a feature set's files", () => {
  /** The train set of a store of one clip, whose features of shape [1, 2] are rewritten with another shape. */
  const setOf = (shape: number[] = [1, 2]) => {
    const store = makeStore(2, [{ name: "a", label: "x", frames: [[1, 2]] }]);
    const [features, descriptors] = [store.clips[0].features, store.clips[0].descriptors].map((name) =>
      join(store.dir, name),
    );
    const data = new Float32Array(shape.reduce((size, dim) => size * dim));
    writeFileSync(features, encodeNpy({ data, shape }));
    return { features, descriptors, train: featureSets(store, allTrain(store)).train };
  };

  it.each([
    ["more frames", [2, 2]],
    ["more bands", [1, 3]],
    ["another number of dimensions", [1, 2, 1]],
  ])("are rejected with %s than the store lists", async (_, shape) => {
    const { features, train } = setOf(shape);
    expect(await rejectionOf(train.readFrames(0, 0, 1, new Float32Array(2), 0))).toBe(
      `${features}: has shape [${shape.join(", ")}], not [1, 2]; delete it and extract the features again`,
    );
  });
  it("are named if the descriptors are missing", async () => {
    const { descriptors, train } = setOf();
    rmSync(descriptors);
    expect(await rejectionOf(train.readDescriptors(0))).toBe(
      `${descriptors}: does not exist; extract the features again`,
    );
  });
  it("are named where they were cut short after the first read", async () => {
    const { features, train } = setOf();
    const read = () => train.readFrames(0, 0, 1, new Float32Array(2), 0);
    await read();
    truncateSync(features, statSync(features).size - 1);
    expect(await rejectionOf(read())).toBe(`${features}: ended while it was read`);
  });
  it("are closed after every read", async () => {
    const { features, train } = setOf();
    /** The lowest free file descriptor: it grows with the files left open. */
    const freeNumber = () => {
      const fd = openSync(features, "r");
      closeSync(fd);
      return fd;
    };
    const before = freeNumber();
    for (let i = 0; i < 200; i++) await train.readFrames(0, 0, 1, new Float32Array(2), 0);
    // Vitest may open a few in the meantime.
    expect(freeNumber() - before).toBeLessThan(100);
  });
});

it("a vocabulary must hold every label of a clip, and the error names only the missing ones", () => {
  const store = makeStore(1, [{ name: "a", label: "flute", frames: [[1]] }]);
  const splits = { ...allTrain(store), test: [clipOf("t", "", { labels: ["harp", "flute", "gong"] })] };
  expect(messageOf(() => featureSets(store, splits))).toBe(
    `${store.dir}: has labels that no training clip has: gong, harp (on t); training clips have flute`,
  );
});
