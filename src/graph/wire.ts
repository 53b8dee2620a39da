import protobuf from "protobufjs/minimal.js";

/** An integer, as far as a double holds it; or the bytes of a text, a message, a list or a float. */
export type WireValue = number | Uint8Array;

/** Most fields of a message: a field of two bytes takes as long to skip as one of a megabyte. */
const MAX_FIELDS = 2 ** 20;

/** Bytes of a number of fixed size, by wire type. */
const FIXED_BYTES = new Map([
  [1, 8],
  [5, 4],
]);

/**
 * Lists the fields of a protobuf message by their numbers. Bytes are views of the message, and what is inside a field is
 * not read: however the message is made, listing it takes no memory.
 * Reference: https://protobuf.dev/programming-guides/encoding
 * @throws Error if the bytes do not follow the encoding
 */
export function* wireFields(message: Uint8Array): Generator<{ field: number; value: WireValue }> {
  const reader = new protobuf.Reader(message);
  for (let count = 1; reader.pos < reader.len; count++) {
    if (count > MAX_FIELDS) throw new Error(`it has more than ${MAX_FIELDS} fields`);
    const tag = reader.uint32();
    const [field, wireType] = [tag >>> 3, tag & 7];
    const start = reader.pos;
    const size = FIXED_BYTES.get(wireType);
    if (field === 0) throw new Error(`it has a field of number 0 before byte ${start}`);
    if (wireType === 0) yield { field, value: Number(reader.int64()) };
    else if (wireType === 2) yield { field, value: reader.bytes() };
    else if (size !== undefined) yield { field, value: message.subarray(start, reader.skip(size).pos) };
    else throw new Error(`it has a field of the unknown type ${wireType} before byte ${start}`);
  }
}

/**
 * Lists integers that are stored one by one, or packed as bytes.
 * @param limit largest number of integers to list
 */
export function wireIntegers(value: WireValue, limit: number): number[] {
  if (typeof value === "number") return limit > 0 ? [value] : [];
  const reader = new protobuf.Reader(value);
  const integers: number[] = [];
  while (reader.pos < reader.len && integers.length < limit) integers.push(Number(reader.int64()));
  return integers;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Returns the text that bytes hold.
 * @throws Error if they are not UTF-8
 */
export function wireText(value: WireValue): string {
  if (typeof value === "number") throw new Error("a number is where a text must be");
  try {
    return utf8.decode(value);
  } catch (cause) {
    throw new Error("a text is not UTF-8", { cause });
  }
}
