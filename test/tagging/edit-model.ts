import onnxProto from "onnx-proto";

const { onnx } = onnxProto;

type ModelProto = ReturnType<typeof onnx.ModelProto.decode>;

/** The model file with its ONNX record edited, as someone else could do. */
export function edited(bytes: Uint8Array, edit: (model: ModelProto) => void): Uint8Array {
  const model = onnx.ModelProto.decode(bytes);
  edit(model);
  return onnx.ModelProto.encode(model).finish();
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
  return withMetadata(bytes, { timbrel: JSON.stringify({ ...recordOf(bytes), ...changes }) });
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
