import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeNpy, NPY_HEADER_BYTES, npyHeader } from "../../src/store/npy.js";
import { NpyWriter } from "../../src/store/npy-writer.js";
import { makeFolder } from "./files.js";

const data = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i));

/** Writes `data` in pieces of growing length. */
function written(heldValues: number, rowLength: number | null, least?: number): Buffer {
  const path = join(makeFolder(), "a.npy");
  const writer = new NpyWriter(path, heldValues);
  for (let at = 0, n = 0; at < data.length; at += n, n++) writer.push(data.slice(at, at + n));
  writer.end(rowLength, least);
  return readFileSync(path);
}

describe.each([
  ["at once", 1000],
  ["piece by piece", 50],
])("NpyWriter writing %s", (_how, heldValues) => {
  it("writes the bytes of encodeNpy", () => {
    expect(written(heldValues, 6).equals(encodeNpy({ data, shape: [100, 6] }))).toBe(true);
    expect(written(heldValues, null).equals(encodeNpy({ data, shape: [600] }))).toBe(true);
  });
  it("raises values to the least", () => {
    const raised = data.map((value) => Math.max(value, -0.25));
    expect(written(heldValues, 6, -0.25).equals(encodeNpy({ data: raised, shape: [100, 6] }))).toBe(true);
  });
});

it("leaves room for the header of any shape", () => {
  for (const shape of [[0], [1], [2 ** 40], [1, 1], [2 ** 40, 65_536]])
    expect(npyHeader(shape)).toHaveLength(NPY_HEADER_BYTES);
});
