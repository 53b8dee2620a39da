import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DESCRIPTOR_NAMES } from "../../src/features/descriptors.js";
import { type FrontEnd, frontEnd, frontEndHash } from "../../src/features/front-end.js";
import {
  clipFiles,
  completeStore,
  openStore,
  prepareStore,
  removeStoreParts,
} from "../../src/store/store.js";
import { clipOf } from "../dataset/stored-clips.js";
import { makeFolder, writeFiles } from "./files.js";

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
