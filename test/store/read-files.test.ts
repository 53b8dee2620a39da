import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { readModelFile } from "../../src/store/read-files.js";
import { makeFolder } from "./files.js";

it("a model file is not read if it is larger than any model", () => {
  const path = join(makeFolder(), "large.onnx");
  writeFileSync(path, "");
  truncateSync(path, 2 ** 30 + 1);
  expect(() => readModelFile(path)).toThrow(
    new DataError(path, "has 1073741825 bytes, but a model file has at most 1073741824"),
  );
});

it.skipIf(process.platform === "win32")("a device is no model file", () => {
  expect(() => readModelFile("/dev/zero")).toThrow(
    new DataError("/dev/zero", "is a device, not a model file"),
  );
});
