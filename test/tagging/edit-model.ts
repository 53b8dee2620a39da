import onnxProto from "onnx-proto";
import { contentChecksum } from "../../src/core/checksum.js";
import { isConstantName } from "../../src/graph/graph.js";
import { decodeMetadata, decodeWeights } from "../../src/graph/index.js";

const { onnx } = onnxProto;

export type ModelProto = ReturnType<typeof onnx.ModelProto.decode>;

const CHECKSUM = "timbrel.checksum";

/** What is wrong with a file whose content does not match its checksum. */
export const DAMAGED = "is damaged: its content does not match its checksum; copy it again, or make it again";

/** The model file with its ONNX record edited as damage could do: its checksum stays as it was. */
export function damaged(bytes: Uint8Array, edit: (model: ModelProto) => void): Uint8Array {
  const model = onnx.ModelProto.decode(new Uint8Array(bytes)); // its tensors are views of the bytes
  edit(model);
  return onnx.ModelProto.encode(model).finish();
}

/** The model file with its ONNX record edited as someone else could do, who gives it the checksum of the new content. */
export function edited(bytes: Uint8Array, edit: (model: ModelProto) => void): Uint8Array {
  return damaged(bytes, (model) => {
    edit(model);
    const stored = model.metadataProps!.find(({ key }) => key === CHECKSUM);
    if (stored) stored.value = checksumOf(onnx.ModelProto.encode(model).finish());
  });
}

/** The checksum of what is in a model file; empty if its tensors cannot be read. */
function checksumOf(bytes: Uint8Array): string {
  try {
    const tensors = [...decodeWeights(bytes, "m.onnx")].filter(([name]) => !isConstantName(name));
    const { timbrel, "timbrel.linear": linear } = decodeMetadata(bytes, "m.onnx");
    return contentChecksum(timbrel ?? linear ?? "", new Map(tensors));
  } catch {
    return "";
  }
}

/** The model file with other metadata instead of timbrel's record. */
export function withMetadata(bytes: Uint8Array, metadata: Readonly<Record<string, string>>): Uint8Array {
  return edited(bytes, (model) => {
    model.metadataProps = Object.entries(metadata).map(([key, value]) =>
      onnx.StringStringEntryProto.fromObject({ key, value }),
    );
  });
}

/** The record of a model file. */
export function recordOf(bytes: Uint8Array): Record<string, unknown> {
  return JSON.parse(onnx.ModelProto.decode(bytes).metadataProps![0].value!);
}

/** The model file with some members of its record changed. */
export function withRecord(bytes: Uint8Array, changes: Readonly<Record<string, unknown>>): Uint8Array {
  const record = JSON.stringify({ ...recordOf(bytes), ...changes });
  return withMetadata(bytes, { timbrel: record, [CHECKSUM]: "" });
}

/** A tensor to store in a model file. */
export function storedTensor(name: string, shape: readonly number[], data: Float32Array) {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return onnx.TensorProto.fromObject({ name, dims: [...shape], dataType: 1, rawData });
}

/** A node with one output and no attributes. */
export function node(opType: string, input: string, output: string) {
  return onnx.NodeProto.fromObject({ opType, input: [input], output: [output] });
}
