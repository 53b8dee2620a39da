import fc from "fast-check";
import onnxProto from "onnx-proto";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { tensor } from "../../src/core/tensor.js";
import { isConstantName } from "../../src/graph/graph.js";
import {
  add,
  decodeMetadata,
  decodeWeights,
  encodeGraph,
  exp,
  Graph,
  mul,
  reshape,
  sum,
} from "../../src/graph/index.js";

const { onnx } = onnxProto;

describe("decodeMetadata", () => {
  const graph = new Graph();
  graph.output("y", exp(graph.input("x", [1])));

  it("returns what encodeGraph was given", () => {
    const texts = fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(texts, (metadata) => {
        expect(decodeMetadata(encodeGraph(graph, metadata), "model.onnx")).toEqual(metadata);
      }),
    );
  });
  it("throws only one-line DataErrors, for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeMetadata(bytes, "bytes.onnx");
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
          expect((error as Error).message).toMatch(/^bytes\.onnx: is (?:empty|not an ONNX model \(.*\))$/);
        }
      }),
    );
  });
  it.each([
    ["text", new TextEncoder().encode('{"graph": 1}\n')],
    ["zeros", new Uint8Array(64)],
    ["half a model", encodeGraph(graph).slice(0, 40)],
  ])("rejects %s", (_, bytes) => {
    expect(() => decodeMetadata(bytes, "some.onnx")).toThrow(/^some\.onnx: is not an ONNX model \(/);
  });
  it("says what is missing", () => {
    const read = (bytes: Uint8Array) => () => decodeMetadata(bytes, "some.onnx");
    expect(read(new Uint8Array())).toThrow(new DataError("some.onnx", "is empty"));
    expect(read(Uint8Array.of(8, 1))).toThrow(
      new DataError("some.onnx", "is not an ONNX model (it holds no graph)"),
    );
  });
});

describe("the bytes of a model", () => {
  const graph = new Graph();
  const weight = graph.weight("w", tensor(Float32Array.of(1, 2), [2]));
  graph.output("y", add(graph.input("x", [2]), weight));
  const bytes = encodeGraph(graph, { key: "value" });
  /** A field of a message: its number with wire type 2, its length and its bytes. */
  const field = (number: number, content: readonly number[]) => {
    expect(content.length).toBeLessThan(128);
    return [8 * number + 2, content.length, ...content];
  };

  it.each([
    ["a field of an unknown number", field(15, [1, 2, 3])],
    ["a varint of ten bytes in an unknown field", [15 * 8, ...Array(9).fill(255), 1]],
    ["fixed numbers in unknown fields", [15 * 8 + 1, 0, 0, 0, 0, 0, 0, 0, 0, 15 * 8 + 5, 0, 0, 0, 0]],
  ])("may end in %s", (_name, tail) => {
    const longer = Uint8Array.of(...bytes, ...tail);
    expect(decodeWeights(longer, "m.onnx")).toEqual(decodeWeights(bytes, "m.onnx"));
    expect(decodeMetadata(longer, "m.onnx")).toEqual({ key: "value" });
  });
  it.each([
    ["a field that reaches past the end", [8 * 15 + 2, 9, 1], "it is cut short or damaged"],
    ["a varint that has no end", [8 * 15, 255], "it is cut short or damaged"],
    ["a group", [8 * 15 + 3, 8 * 15 + 4], /^it has a field of the unknown type 3 before byte \d+$/],
    ["a field of number 0", [2, 0], /^it has a field of number 0 before byte \d+$/],
    ["a second graph", field(7, []), "it holds two graphs"],
    ["a graph that is a number", [8 * 7, 1], "it holds two graphs"],
    ["metadata that is a number", [8 * 14, 1], "a number is where bytes must be"],
    ["metadata whose key is a number", field(14, [8, 1]), "a number is where a text must be"],
    ["a text that is not UTF-8", field(14, field(1, [255])), "a text is not UTF-8"],
    [
      "1000 more entries",
      Array(1000).fill(field(14, [])).flat(),
      "it has more than 1000 entries of metadata",
    ],
    ["a field inside that is too long", field(14, [8 + 2, 5, 65]), "it is cut short or damaged"],
  ])("may not end in %s", (_name, tail, reason) => {
    const prefix = "m.onnx: is not an ONNX model (";
    const read = () => decodeMetadata(Uint8Array.of(...bytes, ...(tail as number[])), "m.onnx");
    expect(read).toThrow(DataError);
    expect(read).toThrow(
      typeof reason === "string"
        ? `${prefix}${reason})`
        : new RegExp(`${prefix.replaceAll(/[.(]/g, "\\$&")}${reason.source.slice(1, -1)}\\)$`),
    );
  });
  it("may hold a million nodes, which are not read", () => {
    const nodes = new Uint8Array(2_000_000).map((_, i) => (i % 2 === 0 ? 10 : 0));
    const header = Uint8Array.of(
      8 * 7 + 2,
      ...[0, 7, 14].map((shift, i) => ((nodes.length >> shift) & 127) | (i < 2 ? 128 : 0)),
    );
    expect(decodeWeights(Buffer.concat([header, nodes]), "m.onnx")).toEqual(new Map());
  });
  it("may not hold more tensors than any model has", () => {
    const tensors = new Uint8Array(131_074).map((_, i) => (i % 2 === 0 ? 42 : 0));
    const header = Uint8Array.of(
      8 * 7 + 2,
      ...[0, 7, 14].map((shift, i) => ((tensors.length >> shift) & 127) | (i < 2 ? 128 : 0)),
    );
    expect(() => decodeWeights(Buffer.concat([header, tensors]), "m.onnx")).toThrow(
      new DataError("m.onnx", "is not an ONNX model (it has more than 65536 tensors)"),
    );
  });
});

describe("decodeWeights", () => {
  /** A model that stores a weight, a float constant and two integer constants. */
  function model(): Uint8Array {
    const graph = new Graph();
    const weight = graph.weight("w", tensor(Float32Array.of(1.5, -2, 1e-40, 4, 5, 6), [2, 3]));
    graph.output("y", sum(reshape(mul(add(graph.input("x", [2, 3]), weight), 7), [3, 2]), [1]));
    return encodeGraph(graph);
  }

  /** The model with its weight changed, as a file from elsewhere could have it. */
  function changed(changes: Record<string, unknown>): Uint8Array {
    const decoded = onnx.ModelProto.decode(model());
    decoded.graph!.initializer = decoded.graph!.initializer!.map((stored) =>
      stored.name === "w" ? onnx.TensorProto.fromObject({ ...stored, ...changes }) : stored,
    );
    return onnx.ModelProto.encode(decoded).finish();
  }

  it("returns the numbers of every float tensor, and no integers", () => {
    const weights = decodeWeights(model(), "m.onnx");
    expect(weights.get("w")).toEqual({ shape: [2, 3], data: Float32Array.of(1.5, -2, 1e-40, 4, 5, 6) });
    const constants = [...weights].filter(([name]) => isConstantName(name));
    expect(constants.map(([, { shape, data }]) => [shape, [...data]])).toEqual([[[], [7]]]);
    expect(weights.size).toBe(2);
  });
  it("tells weights from constants by their names", () => {
    expect(
      ["const_0", "const_12", "const", "const_", "const_1.weight", "my.const_1"].map(isConstantName),
    ).toEqual([true, true, false, false, false, false]);
  });
  it("reads numbers that are stored one by one, as floatData", () => {
    const bytes = changed({ rawData: new Uint8Array(), floatData: [1, 2, 3, 4, 5, 6] });
    expect(decodeWeights(bytes, "m.onnx").get("w")!.data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
  });
  it("returns numbers that stay the same when the bytes they were read from change", () => {
    const bytes = model();
    const weights = decodeWeights(bytes, "m.onnx");
    bytes.fill(0);
    expect(weights.get("w")!.data[0]).toBe(1.5);
  });
  it.each([
    [{ dims: [2, 4] }, 'tensor "w" [2, 4] holds 6 numbers, not 8'],
    [{ dims: [] }, 'tensor "w" [] holds 6 numbers, not 1'],
    [
      { dims: [2 ** 40, 2 ** 40] },
      /^m\.onnx: tensor "w" \[1099511627776, 1099511627776\] holds 6 numbers, not 1.2\d+e\+24$/,
    ],
    [{ dims: [-2, -3] }, 'tensor "w" has a negative dimension: [-2, -3]'],
    [{ rawData: new Uint8Array(23) }, 'tensor "w" [2, 3] holds 5.75 numbers, not 6'],
    [{ rawData: new Uint8Array() }, 'tensor "w" [2, 3] holds 0 numbers, not 6'],
    [{ rawData: new Uint8Array(), floatData: [1] }, 'tensor "w" [2, 3] holds 1 numbers, not 6'],
    [{ dataType: 11 }, 'tensor "w" holds DOUBLE, not float32'],
    [{ dataType: 99 }, 'tensor "w" holds 99, not float32'],
    [{ name: "const_1" }, 'tensor "const_1" is stored twice'],
    [{ dims: Array(17).fill(1) }, 'tensor "w" has more than 16 dimensions'],
    [
      { dataType: 7, externalData: [{ key: "location", value: "/etc/passwd" }] },
      'tensor "w" is in another file, not in the model file',
    ],
    [{ name: "two\nlines", dataType: 10 }, 'tensor "two\\nlines" holds FLOAT16, not float32'],
    [{ dataLocation: 1 }, 'tensor "w" is in another file, not in the model file'],
    [
      { externalData: [{ key: "location", value: "/etc/passwd" }] },
      'tensor "w" is in another file, not in the model file',
    ],
  ])("checks a tensor before it reads it: %j", (changes, message) => {
    const expected = typeof message === "string" ? new DataError("m.onnx", message) : message;
    expect(() => decodeWeights(changed(changes), "m.onnx")).toThrow(expected);
  });
  it("throws only one-line DataErrors, for any damage", () => {
    const bytes = model();
    const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(damage, fc.nat(bytes.length), (changes, length) => {
        const damaged = Uint8Array.from(bytes.subarray(0, length));
        for (const [at, value] of changes) damaged[at % Math.max(1, length)] = value;
        try {
          for (const { data, shape } of decodeWeights(damaged, "m.onnx").values()) tensor(data, shape);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
          expect((error as Error).message).toMatch(/^m\.onnx: .+$/);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
