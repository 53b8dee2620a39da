import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DESCRIPTOR_NAMES } from "../../src/features/descriptors.js";
import { frontEnd } from "../../src/features/front-end.js";
import { completeStore, openStore, prepareStore } from "../../src/store/store.js";
import { makeFolder } from "./files.js";

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
