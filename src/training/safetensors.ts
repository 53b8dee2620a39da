import { z } from "zod";
import { DataError } from "../core/errors.js";
import { sizeOf, type Tensor } from "../core/tensor.js";

const length = z.int().min(0);

const headerSchema = z
  .object({ __metadata__: z.record(z.string(), z.string()).optional() })
  .catchall(z.object({ dtype: z.string(), shape: z.array(length), data_offsets: z.tuple([length, length]) }));

/**
 * Encodes tensors and texts as one safetensors file: 8 bytes of header length, a JSON header, the data.
 * Reference: https://huggingface.co/docs/safetensors
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { data, shape }] of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8; // padded with spaces to align the data
  const bytes = new Uint8Array(8 + headerBytes + offset).fill(0x20, 8, 8 + headerBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(json, 8);
  let position = 8 + headerBytes;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

/**
 * Decodes a safetensors file of 32-bit floats.
 * @throws DataError if it is damaged: every length and offset is checked before it is used
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  path: string,
): { tensors: Map<string, Tensor>; metadata: Record<string, string> } {
  const fail = (reason: string): never => {
    throw new DataError(path, `is not a safetensors file: ${reason}`);
  };
  if (bytes.length < 8) fail(`it is ${bytes.length} bytes long`);
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerBytes > bytes.length - 8)
    fail(`its header declares ${headerBytes} bytes, the file ends after ${bytes.length}`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes)));
  } catch {
    return fail("its header is not JSON");
  }
  const header = headerSchema.safeParse(json);
  if (!header.success) return fail("its header does not follow the format");
  const tensors = new Map<string, Tensor>();
  const { __metadata__: metadata = {}, ...entries } = header.data;
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(entries)) {
    const [begin, end] = data_offsets;
    const from = 8 + headerBytes + begin;
    const to = 8 + headerBytes + end;
    if (dtype !== "F32" || to - from !== 4 * sizeOf(shape) || to > bytes.length)
      fail(`tensor ${name} (${dtype} [${shape.join(", ")}] at ${begin} to ${end}) does not fit`);
    // A copy, since the data may be unaligned; a Buffer's own `slice` does not copy.
    const copy = new Uint8Array(bytes.subarray(from, to));
    tensors.set(name, { shape, data: new Float32Array(copy.buffer) });
  }
  return { tensors, metadata };
}
