import { parseBoundedJson } from "../core/bounded-json.js";
import { DataError, errorLine } from "../core/errors.js";
import { sizeOf, type Tensor } from "../core/tensor.js";

/** Longest header that the format allows. */
const MAX_HEADER_BYTES = 100_000_000;
/** A tensor takes seven. */
const MAX_HEADER_VALUES = 2 ** 18;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

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

/** One tensor as the header describes it. */
interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  /** Offsets of its first byte and of the byte after its last, from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/**
 * Decodes a safetensors file of 32-bit floats. As the format asks, the tensors must fill the data: no byte belongs to two
 * of them, or to none.
 * @throws DataError if it is damaged: every length and offset is checked before it is used
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  path: string,
): { tensors: Map<string, Tensor>; metadata: Record<string, string> } {
  try {
    const { header, data } = splitFile(bytes);
    const { __metadata__: metadata = {}, ...described } = header;
    if (!isRecord(metadata) || !Object.values(metadata).every((text) => typeof text === "string"))
      throw new Error("its metadata are not texts");
    const entries = Object.entries(described).map(([name, entry]) => readEntry(name, entry));
    checkFilled(entries, data.length);
    const tensors = entries.map(({ name, shape, begin, end }): [string, Tensor] => {
      // A copy, since the data may be unaligned; a Buffer's own `slice` does not copy.
      const copy = new Uint8Array(data.subarray(begin, end));
      return [name, { shape, data: new Float32Array(copy.buffer) }];
    });
    return { tensors: new Map(tensors), metadata: metadata as Record<string, string> };
  } catch (cause) {
    throw new DataError(path, `is not a safetensors file: ${errorLine(cause)}`, { cause });
  }
}

function splitFile(bytes: Uint8Array): { header: Record<string, unknown>; data: Uint8Array } {
  if (bytes.length < 8) throw new Error(`it is ${bytes.length} bytes long`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - 8)
    throw new Error(`its header declares ${length} bytes, the file ends after ${bytes.length}`);
  if (length > MAX_HEADER_BYTES) throw new Error(`its header has more than ${MAX_HEADER_BYTES} bytes`);
  const data = bytes.subarray(8 + length);
  let header: unknown;
  try {
    header = parseBoundedJson(utf8.decode(bytes.subarray(8, 8 + length)), MAX_HEADER_VALUES);
  } catch (cause) {
    throw new Error(`its header is not JSON (${errorLine(cause).slice(0, 120)})`, { cause });
  }
  if (!isRecord(header)) throw new Error("its header is not an object");
  return { header, data };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isLengths = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((length) => Number.isSafeInteger(length) && length >= 0);

function readEntry(name: string, entry: unknown): Entry {
  const quoted = JSON.stringify(name.slice(0, 200));
  const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
  if (!isLengths(shape) || !isLengths(offsets) || offsets.length !== 2)
    throw new Error(`tensor ${quoted} has no shape or no offsets`);
  if (dtype !== "F32") throw new Error(`tensor ${quoted} holds ${JSON.stringify(dtype)}, not F32`);
  const [begin, end] = offsets;
  if (end - begin !== 4 * sizeOf(shape))
    throw new Error(`tensor ${quoted} [${shape.join(", ")}] does not fit bytes ${begin} to ${end}`);
  return { name, shape, begin, end };
}

/** Throws if a byte of the data belongs to two tensors or to none. */
function checkFilled(entries: readonly Entry[], length: number): void {
  let filled = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== filled)
      throw new Error(`tensor ${JSON.stringify(name)} begins at byte ${begin} of its data, not at ${filled}`);
    filled = end;
  }
  if (filled !== length) throw new Error(`it has ${length} bytes of data, its tensors ${filled}`);
}
