import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { encodeSafetensors } from "../../src/training/safetensors.js";
import { makeFolder, writeFiles } from "../store/files.js";

// Small parts that take much more memory than they are long, if all of them are read. Each file has some 8 MB; what is
// read of it must fit into a heap of 48 MB besides the file itself.
const SIZE = 4_000_000;

/** A field of a protobuf message: its number with wire type 2, its length and its bytes. */
function field(number: number, content: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let left = content.length; left > 0; left >>>= 7) length.push((left & 127) | (left > 127 ? 128 : 0));
  return Buffer.concat([Uint8Array.of(8 * number + 2, ...length), content]);
}

/** Empty fields of one number. */
const empty = (number: number) => new Uint8Array(2 * SIZE).map((_, i) => (i % 2 === 0 ? 8 * number + 2 : 0));
const text = (content: string) => new TextEncoder().encode(content);
const graph = field(7, field(1, Uint8Array.of(10, 0)));
const onnx = (record: string) =>
  Buffer.concat([graph, field(14, Buffer.concat([field(1, text("timbrel")), field(2, text(record))]))]);
const members = Array.from({ length: SIZE / 8 }, (_, i) => `"${i}":{}`).join();
const header = Buffer.from(`{${members}}`);
const headerLength = Buffer.alloc(8);
headerLength.writeBigUInt64LE(BigInt(header.length));
const manyDims = Buffer.concat([Uint8Array.of(10, 0), field(5, field(1, new Uint8Array(2 * SIZE)))]);
const lists = `[${"[],".repeat(SIZE / 2)}0]`;

const FILES: Readonly<Record<string, Uint8Array>> = {
  "nodes.onnx": field(7, empty(1)),
  "tensors.onnx": field(7, empty(5)),
  "metadata.onnx": Buffer.concat([graph, empty(14)]),
  "dimensions.onnx": field(7, manyDims),
  "labels.onnx": onnx(`{"format":2,"labels":${lists}}`),
  "nested.onnx": onnx("[".repeat(2 * SIZE)),
  "header.safetensors": Buffer.concat([headerLength, header]),
  "epochs.safetensors": encodeSafetensors(new Map(), { timbrel: `{"format":4,"history":${lists}}` }),
};

const PROGRAM = `
  import { readFileSync } from "node:fs";
  import { basename } from "node:path";
  import { decodeCheckpoint, decodeModel } from "${new URL("../../dist/src/index.js", import.meta.url)}";
  for (const path of process.argv.slice(1)) {
    try {
      (path.endsWith("onnx") ? decodeModel : decodeCheckpoint)(readFileSync(path), "file");
    } catch (error) {
      console.log(error.name, basename(path));
    }
  }`;

it("a file does not take many times its size of memory, whatever it claims or holds", () => {
  const dir = makeFolder();
  writeFiles(dir, FILES);
  const paths = Object.keys(FILES).map((name) => join(dir, name));
  const flags = ["--max-old-space-size=48", "--input-type=module", "-e", PROGRAM];
  const { stdout } = spawnSync(process.execPath, [...flags, ...paths], { encoding: "utf8" });
  expect(stdout.trimEnd().split("\n")).toEqual(Object.keys(FILES).map((name) => `DataError ${name}`));
});
