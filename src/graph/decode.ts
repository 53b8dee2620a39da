import onnxProto from "onnx-proto";
import { DataError, errorLine } from "../core/errors.js";
import { sizeOf, type Tensor } from "../core/tensor.js";
import { type WireValue, wireFields, wireIntegers, wireText } from "./wire.js";

const { DataType, DataLocation } = onnxProto.onnx.TensorProto;

/** Numbers of the fields that are read; https://github.com/onnx/onnx/blob/main/onnx/onnx.proto defines them. */
const MODEL = { graph: 7, metadata: 14 } as const;
const ENTRY = { key: 1, value: 2 } as const;
const GRAPH = { node: 1, tensor: 5 } as const;
const TENSOR = { dims: 1, dataType: 2, floats: 4, name: 8, bytes: 9, external: 13, location: 14 } as const;

/** Limits for a file from elsewhere; no model comes near them. */
const MAX_ENTRIES = 1000;
const MAX_TENSORS = 65_536;
const MAX_DIMS = 16;

const NOTHING = new Uint8Array();

/**
 * Reads the metadata of an ONNX model.
 * @throws DataError if the bytes are not an ONNX model
 */
export function decodeMetadata(bytes: Uint8Array, path: string): Record<string, string> {
  return reading(bytes, path, () => {
    const entries = modelParts(bytes).entries.map((entry) => {
      let [key, value] = ["", ""];
      for (const found of wireFields(entry)) {
        if (found.field === ENTRY.key) key = wireText(found.value);
        if (found.field === ENTRY.value) value = wireText(found.value);
      }
      return [key, value] as const;
    });
    return Object.fromEntries(entries);
  });
}

/**
 * Reads the float32 tensors stored in an ONNX model, by name: weights and the graph's constants. Integer tensors, which
 * hold shapes and axes, are left out, and nodes are not read. It takes as much memory as the numbers in the file.
 * @throws DataError if the bytes are not an ONNX model, or if a tensor has another type, is in another file, or holds
 *   more or fewer numbers than its dimensions say
 */
export function decodeWeights(bytes: Uint8Array, path: string): Map<string, Tensor> {
  return reading(bytes, path, () => {
    const weights = new Map<string, Tensor>();
    for (const stored of modelParts(bytes).tensors) {
      const { name, dataType, shape, numbers, isExternal } = storedTensor(stored);
      const fail = (reason: string): never => {
        // A name in a file from elsewhere may contain anything, such as line breaks.
        throw new DataError(path, `tensor ${JSON.stringify(name)} ${reason}`);
      };
      if (isExternal) fail("is in another file, not in the model file");
      if (dataType === DataType.INT64) continue;
      if (weights.has(name)) fail("is stored twice");
      if (dataType !== DataType.FLOAT) fail(`holds ${DataType[dataType] ?? dataType}, not float32`);
      if (shape.length > MAX_DIMS) fail(`has more than ${MAX_DIMS} dimensions`);
      if (shape.some((dim) => dim < 0)) fail(`has a negative dimension: [${shape.join(", ")}]`);
      const length = numbers.length / 4;
      if (length !== sizeOf(shape))
        fail(`[${shape.join(", ")}] holds ${length} numbers, not ${sizeOf(shape)}`);
      // Little-endian, as the format stores them; a copy, since the bytes may be unaligned.
      weights.set(name, { shape, data: new Float32Array(new Uint8Array(numbers).buffer) });
    }
    return weights;
  });
}

/** Returns the encoded metadata and tensors of a model, as views of its bytes. */
function modelParts(bytes: Uint8Array): { entries: Uint8Array[]; tensors: Uint8Array[] } {
  const entries: Uint8Array[] = [];
  const tensors: Uint8Array[] = [];
  let graph: WireValue | undefined;
  let hasNodes = false;
  for (const { field, value } of wireFields(bytes)) {
    if (field === MODEL.graph) {
      if (graph !== undefined) throw new Error("it holds two graphs");
      graph = value;
    }
    if (field === MODEL.metadata) entries.push(bytesOf(value));
    if (entries.length > MAX_ENTRIES) throw new Error(`it has more than ${MAX_ENTRIES} entries of metadata`);
  }
  for (const { field, value } of wireFields(bytesOf(graph))) {
    if (field === GRAPH.node) hasNodes = true;
    if (field === GRAPH.tensor) tensors.push(bytesOf(value));
    if (tensors.length > MAX_TENSORS) throw new Error(`it has more than ${MAX_TENSORS} tensors`);
  }
  if (!hasNodes) throw new Error("it holds no graph");
  return { entries, tensors };
}

/** A tensor as the file describes it; nothing is checked yet. */
interface StoredTensor {
  readonly name: string;
  readonly dataType: number;
  readonly shape: readonly number[];
  /** The bytes of its numbers, a view of the file. */
  readonly numbers: Uint8Array;
  readonly isExternal: boolean;
}

function storedTensor(encoded: Uint8Array): StoredTensor {
  const tensor = { name: "", dataType: 0, shape: [] as number[], isExternal: false };
  // The format stores the numbers in one of two fields; the other is empty.
  let [bytes, floats]: Uint8Array[] = [NOTHING, NOTHING];
  for (const { field, value } of wireFields(encoded)) {
    if (field === TENSOR.name) tensor.name = wireText(value);
    if (field === TENSOR.dataType) tensor.dataType = Number(value);
    if (field === TENSOR.dims) tensor.shape.push(...wireIntegers(value, MAX_DIMS + 1 - tensor.shape.length));
    if (field === TENSOR.bytes) bytes = bytesOf(value);
    if (field === TENSOR.floats) floats = bytesOf(value);
    if (field === TENSOR.external || (field === TENSOR.location && value === DataLocation.EXTERNAL))
      tensor.isExternal = true;
  }
  return { ...tensor, numbers: bytes.length > 0 ? bytes : floats };
}

/** The bytes of a field; none if the model lacks the field. */
function bytesOf(value: WireValue = NOTHING): Uint8Array {
  if (typeof value === "number") throw new Error("a number is where bytes must be");
  return value;
}

/** Runs a reader of bytes and names the file in what it throws. */
function reading<T>(bytes: Uint8Array, path: string, read: () => T): T {
  if (bytes.length === 0) throw new DataError(path, "is empty");
  try {
    return read();
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const reason = cause instanceof RangeError ? "it is cut short or damaged" : errorLine(cause);
    throw new DataError(path, `is not an ONNX model (${reason})`, { cause });
  }
}
