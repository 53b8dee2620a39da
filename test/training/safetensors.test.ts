import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import type { Tensor } from "../../src/core/tensor.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/training/safetensors.js";
import { decodeStored } from "../nn/stored.js";
import fixture from "./fixtures/safetensors.json" with { type: "json" };

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const given = new Map(Object.entries(fixture.tensors).map(([name, stored]) => [name, decodeStored(stored)]));

/** A file with this header and `data` bytes of tensors. */
function fileWith(header: unknown, data = 8): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

describe("safetensors", () => {
  it("reads what Python's safetensors wrote", () => {
    const bytes = bytesOf(fixture.byPython);
    for (const file of [bytes, Buffer.from(bytes)]) {
      const { tensors, metadata } = decodeSafetensors(file, "python");
      expect(metadata).toEqual(fixture.metadata);
      expect(new Map([...tensors].sort())).toEqual(new Map([...given].sort()));
    }
  });

  it("writes to the byte a file that Python's safetensors could read", () => {
    expect(encodeSafetensors(given, fixture.metadata)).toEqual(bytesOf(fixture.byTimbrel));
  });

  it("reads any tensors and texts as they were written, to the bit", () => {
    const tensor = fc
      .tuple(fc.array(fc.nat(4), { maxLength: 4 }), fc.infiniteStream(fc.float()))
      .map(([shape, values]): Tensor => {
        const size = shape.reduce((product, dim) => product * dim, 1);
        return { shape, data: Float32Array.from({ length: size }, () => values.next().value as number) };
      });
    const name = fc.string().filter((text) => !["__metadata__", "__proto__"].includes(text));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, tensor)),
        fc.dictionary(
          fc.string().filter((text) => text !== "__proto__"),
          fc.string(),
        ),
        (entries, metadata) => {
          const tensors = new Map(entries);
          const bytes = encodeSafetensors(tensors, metadata);
          const unaligned = new Uint8Array(bytes.length + 3).subarray(3);
          unaligned.set(bytes);
          const read = decodeSafetensors(unaligned, "any");
          expect(read.metadata).toEqual({ ...metadata });
          expect([...read.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
          for (const [name, { shape, data }] of tensors) {
            expect(read.tensors.get(name)!.shape).toEqual(shape);
            expect(new Uint8Array(read.tensors.get(name)!.data.buffer)).toEqual(new Uint8Array(data.buffer));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ["of 3 bytes", new Uint8Array(3), "it is 3 bytes long"],
    [
      "that ends in its header",
      new Uint8Array(10).fill(9, 0, 1),
      "its header declares 9 bytes, the file ends after 10",
    ],
    [
      "with an absurd header length",
      new Uint8Array(16).fill(255),
      "its header declares 18446744073709552000 bytes, the file ends after 16",
    ],
    ["whose header is not JSON", fileWith("{"), "its header is not JSON"],
    ["whose header is null", fileWith("null"), "its header does not follow the format"],
    ["whose header is a list", fileWith([]), "its header does not follow the format"],
    ["whose tensor is a number", fileWith({ a: 1 }), "its header does not follow the format"],
    [
      "whose metadata are not strings",
      fileWith({ __metadata__: { a: 1 } }),
      "its header does not follow the format",
    ],
    [
      "with a shape that is a string",
      fileWith({ a: { dtype: "F32", shape: "ab", data_offsets: [0, 8] } }),
      "its header does not follow the format",
    ],
    [
      "with negative sizes",
      fileWith({ a: { dtype: "F32", shape: [-1, -2], data_offsets: [0, 8] } }),
      "its header does not follow the format",
    ],
    [
      "with fractions of bytes",
      fileWith({ a: { dtype: "F32", shape: [1], data_offsets: [0.5, 4.5] } }),
      "its header does not follow the format",
    ],
    [
      "of another type",
      fileWith({ a: { dtype: "F16", shape: [4], data_offsets: [0, 8] } }),
      "tensor a (F16 [4] at 0 to 8) does not fit",
    ],
    [
      "of another type of the same size",
      fileWith({ a: { dtype: "I32", shape: [2], data_offsets: [0, 8] } }),
      "tensor a (I32 [2] at 0 to 8) does not fit",
    ],
    [
      "with a shape that does not fit its bytes",
      fileWith({ a: { dtype: "F32", shape: [3], data_offsets: [0, 8] } }),
      "tensor a (F32 [3] at 0 to 8) does not fit",
    ],
    [
      "cut short",
      fileWith({ a: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }, 7),
      "tensor a (F32 [2] at 0 to 8) does not fit",
    ],
  ])("rejects a file %s", (_name, bytes, reason) => {
    expect(() => decodeSafetensors(bytes, "x.safetensors")).toThrow(
      new DataError("x.safetensors", `is not a safetensors file: ${reason}`),
    );
  });

  it("reads a damaged file or throws a DataError, and throws nothing else", () => {
    const whole = bytesOf(fixture.byTimbrel);
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.nat(whole.length), (changes, length) => {
        const bytes = whole.slice();
        for (const [place, value] of changes) bytes[place] = value;
        for (const file of [bytes, bytes.subarray(0, length)])
          try {
            for (const { data, shape } of decodeSafetensors(file, "x").tensors.values())
              expect(data).toHaveLength(shape.reduce((size, dim) => size * dim, 1));
          } catch (error) {
            expect(error).toBeInstanceOf(DataError);
          }
      }),
      { numRuns: 400 },
    );
  });
});
