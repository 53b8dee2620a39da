import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { DESCRIPTOR_NAMES } from "../../src/features/descriptors.js";
import { type FrontEnd, frontEnd, frontEndHash } from "../../src/features/front-end.js";
import { encodeNpy } from "../../src/store/npy.js";
import { SourceIndex } from "../../src/store/source-index.js";
import {
  clipFiles,
  completeStore,
  openStore,
  prepareStore,
  removeStoreParts,
} from "../../src/store/store.js";
import { clipOf } from "../dataset/stored-clips.js";
import { makeTinyStore, tinyClips } from "../training/tiny-store.js";
import { makeFolder, writeFiles } from "./files.js";
import { messageOf } from "./message-of.js";

it.each([
  ["another name", DESCRIPTOR_NAMES.with(0, "loudness")],
  ["another order", DESCRIPTOR_NAMES.toReversed()],
  ["one missing", DESCRIPTOR_NAMES.slice(1)],
])("a store whose descriptors have %s is neither opened nor extracted into", (_, descriptorNames) => {
  const dir = makeFolder();
  prepareStore(dir, frontEnd());
  completeStore(dir, []);
  const path = join(dir, "store.json");
  const record = JSON.parse(readFileSync(path, "utf8")) as object;
  writeFileSync(path, JSON.stringify({ ...record, descriptorNames }));
  const reason = `${path}: holds the descriptors of another version of timbrel; delete the folder and extract again`;
  expect(() => openStore(dir)).toThrow(reason);
  expect(() => prepareStore(dir, frontEnd())).toThrow(reason);
});

it("a store whose list of clips is of another front end is not opened", () => {
  const dir = makeFolder();
  const [here, other] = [frontEnd(), frontEnd({ nMels: 96 })];
  prepareStore(dir, here);
  const clipFor = (name: string, made: FrontEnd) => {
    const clip = clipOf(name, "x");
    return { ...clip, ...clipFiles(clip.audioHash, frontEndHash(made)) };
  };
  const [own, foreign] = [clipFor("a.wav", here), clipFor("b.wav", other)];
  completeStore(dir, [own, foreign]);
  const expected = clipFiles(foreign.audioHash, frontEndHash(here)).features;
  expect(() => openStore(dir)).toThrow(
    `${dir}/clips.jsonl:2: names ${foreign.features}, but store.json and the clip's audio mean ${expected}; extract the source again into another folder`,
  );
});

it("an extraction removes what killed ones left of the store's files, and nothing else", () => {
  const dir = makeFolder();
  const part = ".0123456789ab.part";
  const stem = `clips/ab/${"ab".repeat(16)}-01234567`;
  const left = ["store.json", "clips.jsonl", `${stem}.features.npy`, `${stem}.descriptors.npy`];
  const kept = [`notes.txt${part}`, `clips/ab/film${part}`, "store.json.part", `${stem}.features.npy`];
  const files = [...left.map((name) => name + part), ...kept];
  writeFiles(dir, Object.fromEntries(files.map((name) => [name, ""])));
  removeStoreParts(dir);
  expect(files.filter((name) => existsSync(join(dir, name)))).toEqual(kept);
});

it.each([
  [{ nFrames: 1e12 }, "nFrames"],
  [{ nFrames: -1 }, "nFrames"],
  [{ nFrames: 0 }, "nFrames"],
  [{ nFrames: 1.5 }, "nFrames"],
  [{ durationSec: -1 }, "durationSec"],
  [{ features: "../../etc/passwd" }, "features"],
  [{ features: "/etc/passwd" }, "features"],
  [{ features: "clips/../../../etc/x.features.npy" }, "features"],
  [{ features: "clips/ab/\u0000\n.features.npy" }, "features"],
  [{ features: "" }, "features"],
  [{ descriptors: "clips/ab/cd/../../../../x.descriptors.npy" }, "descriptors"],
  [{ audioHash: "../../x" }, "audioHash"],
])("a list of clips that claims %j is not read", async (changes, member) => {
  const { dir } = await makeTinyStore(tinyClips().slice(0, 2));
  const path = join(dir, "clips.jsonl");
  const [first, second] = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, `${first}\n${JSON.stringify({ ...(JSON.parse(second) as object), ...changes })}\n`);
  expect(messageOf(() => openStore(dir)).split(" is not as timbrel writes it: ")[0]).toBe(
    `${path}:2: ${member}`,
  );
  expect(messageOf(() => openStore(dir))).not.toContain("\n");
});

it("descriptors of another number than timbrel computes are not read", async () => {
  const { dir, clips, reader } = await makeTinyStore(tinyClips().slice(0, 1));
  const path = join(dir, clips[0].descriptors);
  writeFileSync(path, encodeNpy({ shape: [3], data: new Float32Array(3) }));
  await expect(reader.descriptors(clips[0])).rejects.toThrow(
    new DataError(path, "has shape [3], not [44]; delete it and extract the features again"),
  );
});

it("an entry of a source index that timbrel does not write is passed over", () => {
  const dir = makeFolder();
  const entry = {
    ...{
      path: "a.wav",
      size: 1,
      mtimeMs: 2,
      audioHash: "a".repeat(64),
      durationSec: 1,
      nFrames: 3,
      warnings: [],
    },
  };
  const changes = [
    { audioHash: "../../x" },
    { nFrames: 1e12 + 0.5 },
    { nFrames: 0 },
    { durationSec: -1 },
    {},
  ];
  const lines = changes.map((change, i) => JSON.stringify({ ...entry, path: `${i}.wav`, ...change }));
  writeFileSync(join(dir, "sources.jsonl"), `${lines.join("\n")}\n{"path": 3}\nnonsense\n`);
  const index = new SourceIndex(dir);
  index.close();
  expect(index.audio.map(({ path }) => path)).toEqual(["4.wav"]);
});
