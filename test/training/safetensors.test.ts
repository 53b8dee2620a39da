import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import type { Tensor } from "../../src/core/tensor.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/training/safetensors.js";
import { decodeStored } from "../nn/stored.js";
import { messageOf } from "../store/message-of.js";
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

const TENSOR = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
/** A file with one tensor, described with these changes. */
const withTensor = (changes: object, data = 8) => fileWith({ a: { ...TENSOR, ...changes } }, data);

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
    ["whose header is not JSON", fileWith("["), /^its header is not JSON \(.+\)$/],
    [
      "whose header is not UTF-8",
      fileWith('{"\xff": 1}').fill(255, 10, 11),
      /^its header is not JSON \(.+\)$/,
    ],
    ["whose header is null", fileWith("null"), "its header is not an object"],
    ["whose header is a list", fileWith([]), "its header is not an object"],
    ["whose tensor is a number", fileWith({ a: 1 }), 'tensor "a" has no shape or no offsets'],
    ["whose metadata are not strings", fileWith({ __metadata__: { a: 1 } }), "its metadata are not texts"],
    ["whose metadata are a list", fileWith({ __metadata__: ["a"] }), "its metadata are not texts"],
    ["with a shape that is a string", withTensor({ shape: "ab" }), 'tensor "a" has no shape or no offsets'],
    ["with negative sizes", withTensor({ shape: [-1, -2] }), 'tensor "a" has no shape or no offsets'],
    ["with sizes beyond integers", withTensor({ shape: [1e300] }), 'tensor "a" has no shape or no offsets'],
    [
      "with fractions of bytes",
      withTensor({ data_offsets: [0.5, 8.5] }),
      'tensor "a" has no shape or no offsets',
    ],
    ["with three offsets", withTensor({ data_offsets: [0, 4, 8] }), 'tensor "a" has no shape or no offsets'],
    ["of another type", withTensor({ dtype: "F16", shape: [4] }), 'tensor "a" holds "F16", not F32'],
    ["of another type of the same size", withTensor({ dtype: "I32" }), 'tensor "a" holds "I32", not F32'],
    ["of no type", withTensor({ dtype: undefined }), 'tensor "a" holds undefined, not F32'],
    [
      "with a shape that does not fit its bytes",
      withTensor({ shape: [3] }),
      'tensor "a" [3] does not fit bytes 0 to 8',
    ],
    [
      "whose offsets go backwards",
      withTensor({ data_offsets: [8, 0] }),
      'tensor "a" [2] does not fit bytes 8 to 0',
    ],
    ["cut short", withTensor({}, 7), "it has 7 bytes of data, its tensors 8"],
    ["with more data than its tensors", withTensor({}, 9), "it has 9 bytes of data, its tensors 8"],
    [
      "with data before its tensors",
      withTensor({ data_offsets: [4, 12] }, 12),
      'tensor "a" begins at byte 4 of its data, not at 0',
    ],
    [
      "whose tensors overlap",
      fileWith({ a: { ...TENSOR, data_offsets: [0, 8] }, b: { ...TENSOR, data_offsets: [4, 12] } }, 12),
      'tensor "b" begins at byte 4 of its data, not at 8',
    ],
    [
      "whose tensors have the same bytes",
      fileWith({ a: TENSOR, b: TENSOR }),
      'tensor "b" begins at byte 0 of its data, not at 8',
    ],
    [
      "with a gap between tensors",
      fileWith({ b: { ...TENSOR, data_offsets: [12, 20] }, a: TENSOR }, 20),
      'tensor "b" begins at byte 12 of its data, not at 8',
    ],
    [
      "that describes a tensor twice",
      fileWith(`{"a": ${JSON.stringify(TENSOR)}, "\\u0061" : ${JSON.stringify(TENSOR)}}`),
      "its header is not JSON (two members have one name)",
    ],
    [
      "with a text of metadata twice",
      fileWith('{"__metadata__": {"\\"": "a", "\\"": "b"}}', 0),
      "its header is not JSON (two members have one name)",
    ],
  ])("rejects a file %s", (_name, bytes, reason) => {
    const read = () => decodeSafetensors(bytes, "x.safetensors");
    expect(read).toThrow(DataError);
    const [, found] = /^x\.safetensors: is not a safetensors file: (.*)$/.exec(messageOf(read)!)!;
    if (typeof reason === "string") expect(found).toBe(reason);
    else expect(found).toMatch(reason);
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
