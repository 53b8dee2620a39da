import onnxProto from "onnx-proto";
import { DataError, errorLine } from "../core/errors.js";
import { sizeOf, type Tensor } from "../core/tensor.js";

const { onnx } = onnxProto;
const { DataType, DataLocation } = onnx.TensorProto;

type ModelProto = InstanceType<typeof onnx.ModelProto>;

/**
 * Reads the metadata of an ONNX model.
 * @throws DataError if the bytes are not an ONNX model
 */
export function decodeMetadata(bytes: Uint8Array, path: string): Record<string, string> {
  const { metadataProps } = decodeProto(bytes, path);
  return Object.fromEntries((metadataProps ?? []).map(({ key, value }) => [key ?? "", value ?? ""]));
}

/**
 * Reads the float32 tensors stored in an ONNX model, by name: weights and the graph's constants. Integer tensors, which
 * hold shapes and axes, are left out.
 * @throws DataError if the bytes are not an ONNX model, or if a tensor has another type, is in another file, or holds
 *   more or fewer numbers than its dimensions say
 */
export function decodeWeights(bytes: Uint8Array, path: string): Map<string, Tensor> {
  const weights = new Map<string, Tensor>();
  for (const stored of decodeProto(bytes, path).graph?.initializer ?? []) {
    if (stored.dataType === DataType.INT64) continue;
    const name = stored.name ?? "";
    const fail = (reason: string): never => {
      // A name in a file from elsewhere may contain anything, such as line breaks.
      throw new DataError(path, `tensor ${JSON.stringify(name)} ${reason}`);
    };
    if (weights.has(name)) fail("is stored twice");
    if (stored.dataType !== DataType.FLOAT)
      fail(`holds ${DataType[stored.dataType ?? 0] ?? stored.dataType}, not float32`);
    if (stored.dataLocation === DataLocation.EXTERNAL || stored.externalData?.length)
      fail("is in another file, not in the model file");
    const shape = (stored.dims ?? []).map(Number);
    if (shape.some((dim) => dim < 0)) fail(`has a negative dimension: [${shape.join(", ")}]`);
    const rawData = stored.rawData ?? new Uint8Array();
    const floatData = stored.floatData ?? [];
    // The format stores the numbers in one of two fields; the other is empty.
    const length = rawData.length > 0 ? rawData.length / 4 : floatData.length;
    if (length !== sizeOf(shape)) fail(`[${shape.join(", ")}] holds ${length} numbers, not ${sizeOf(shape)}`);
    weights.set(name, { shape, data: rawData.length > 0 ? float32(rawData) : Float32Array.from(floatData) });
  }
  return weights;
}

/** Reads little-endian numbers, as the format stores them, from a copy: the bytes may be unaligned. */
function float32(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}

function decodeProto(bytes: Uint8Array, path: string): ModelProto {
  let model: ModelProto;
  try {
    model = onnx.ModelProto.decode(bytes) as ModelProto;
  } catch (cause) {
    throw new DataError(path, `is not an ONNX model (${errorLine(cause)})`, { cause });
  }
  if (!model.graph?.node?.length) throw new DataError(path, "is not an ONNX model: it holds no graph");
  return model;
}
