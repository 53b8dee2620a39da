import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { readModelFile } from "../../src/store/read-files.js";
import { makeFolder } from "./files.js";

it("a model file is not read if it is larger than any model", () => {
  const path = join(makeFolder(), "large.onnx");
  writeFileSync(path, "");
  truncateSync(path, 2 ** 31);
  expect(() => readModelFile(path)).toThrow(
    new DataError(path, "has 2147483648 bytes, but a model file has at most 2147483647"),
  );
});

it.skipIf(process.platform === "win32")("a device is no model file", () => {
  expect(() => readModelFile("/dev/zero")).toThrow(
    new DataError("/dev/zero", "is a device, not a model file"),
  );
});
