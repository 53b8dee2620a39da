import onnxProto from "onnx-proto";
import { contentChecksum } from "../../src/core/checksum.js";
import { frontEnd, frontEndHash } from "../../src/features/front-end.js";
import { isConstantName } from "../../src/graph/graph.js";
import { decodeWeights } from "../../src/graph/index.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/training/safetensors.js";

// What someone can do who knows the formats: other content in a whole file.

const { ModelProto, StringStringEntryProto } = onnxProto.onnx;
const CHECKSUM = "timbrel.checksum";

/** The ONNX file with another text as its record, and with the checksum of its content or the old one. */
export function withRecord(
  bytes: Uint8Array,
  edit: (record: string) => string,
  isSigned: boolean,
): Uint8Array {
  const model = ModelProto.decode(bytes);
  const [{ key, value }, { value: checksum }] = model.metadataProps!;
  const record = isSigned ? withOwnHash(edit(value!)) : edit(value!);
  const tensors = [...decodeWeights(bytes, "model")].filter(([name]) => !isConstantName(name));
  const entries = {
    [key!]: record,
    [CHECKSUM]: isSigned ? contentChecksum(record, new Map(tensors)) : checksum!,
  };
  model.metadataProps = Object.entries(entries).map(([name, text]) =>
    StringStringEntryProto.fromObject({ key: name, value: text }),
  );
  return ModelProto.encode(model).finish();
}

/** The record with the hash of the front end that it names, if it names one. */
function withOwnHash(record: string): string {
  try {
    const members = JSON.parse(record);
    return JSON.stringify({ ...members, frontEndHash: frontEndHash(frontEnd(members.frontEnd)) });
  } catch {
    return record;
  }
}

/** The checkpoint with another text as its record, and with the checksum of its content or the old one. */
export function withCheckpointRecord(
  bytes: Uint8Array,
  edit: (record: string) => string,
  isSigned: boolean,
): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes, "checkpoint");
  const record = edit(metadata["timbrel"]);
  const checksum = isSigned ? contentChecksum(record, tensors) : metadata[CHECKSUM];
  return encodeSafetensors(tensors, { timbrel: record, [CHECKSUM]: checksum });
}

/** The safetensors file with another text as its header. */
export function withHeader(bytes: Uint8Array, edit: (header: string) => string): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = new TextEncoder().encode(edit(new TextDecoder().decode(bytes.subarray(8, 8 + length))));
  const result = new Uint8Array(8 + header.length + bytes.length - 8 - length);
  new DataView(result.buffer).setBigUint64(0, BigInt(header.length), true);
  result.set(header, 8);
  result.set(bytes.subarray(8 + length), 8 + header.length);
  return result;
}
