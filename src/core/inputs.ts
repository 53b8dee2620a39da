import { UsageError } from "./errors.js";
import { sizeOf, type Tensor } from "./tensor.js";

// Callers in JavaScript have no type checks. These checks are made once, where a value enters the library.

/** Kinds of the members that `checkObject` knows. */
export type Kind = "text" | "number" | "list" | "map" | "object" | "function" | "bytes";

const IS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  list: Array.isArray,
  map: (value) => value instanceof Map,
  object: (value) => typeof value === "object" && value !== null,
  function: (value) => typeof value === "function",
  bytes: (value) => value instanceof Uint8Array,
};

const MAX_SHOWN_MEMBERS = 5;

/** What a value is, in words, e.g. "a list of 3" or "an object with samples". */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const { name } = Object(value.constructor);
  if (typeof name === "string" && name !== "" && name !== "Object") return `${article(name)} ${name}`;
  const members = Object.keys(value);
  if (members.length === 0) return "an object without members";
  const more = members.length > MAX_SHOWN_MEMBERS ? ", ..." : "";
  return `an object with ${members.slice(0, MAX_SHOWN_MEMBERS).join(", ")}${more}`;
}

const article = (noun: string): string => (/^[AEIOU]/i.test(noun) && !/^(uint|url)/i.test(noun) ? "an" : "a");

/**
 * Checks that a value is an object with these members.
 * @param what the value in words, e.g. "be a trained model"
 * @throws UsageError naming the value, or the member that is missing or of another kind
 */
export function checkObject(
  setting: string,
  value: unknown,
  what: string,
  members: Readonly<Record<string, Kind>> = {},
): void {
  if (!IS.object(value) && typeof value !== "function")
    throw new UsageError({ setting, rule: what, got: kindOf(value) });
  const wrong = Object.entries(members).find(
    ([name, kind]) => !IS[kind]((value as Record<string, unknown>)[name]),
  );
  if (wrong === undefined) return;
  const [name, kind] = wrong;
  const member = (value as Record<string, unknown>)[name];
  const needs = { text: "string", bytes: "Uint8Array", map: "Map" }[kind as string] ?? kind;
  throw new UsageError({
    setting,
    rule: `${what}, whose ${name} is ${article(needs)} ${needs}`,
    got: member === undefined ? kindOf(value) : `${kindOf(member)} as ${name}`,
  });
}

/**
 * Checks that a value is a list whose items are objects with these members.
 * @param what an item in words, e.g. "clips"
 * @throws UsageError naming the first item that is not
 */
export function checkList(
  setting: string,
  value: unknown,
  what: string,
  members: Readonly<Record<string, Kind>> = {},
): void {
  if (!Array.isArray(value))
    throw new UsageError({ setting, rule: `be a list of ${what}`, got: kindOf(value) });
  for (const [i, item] of value.entries())
    checkObject(`${setting}[${i}]`, item, `be one of ${what}`, members);
}

/**
 * Returns `value` if it is a string.
 * @throws UsageError otherwise
 */
export function checkText(setting: string, value: unknown): string {
  if (typeof value !== "string") throw new UsageError({ setting, rule: "be a string", got: kindOf(value) });
  return value;
}

/** Whether `toBytes` accepts a value. */
export function isBytes(value: unknown): value is Uint8Array | ArrayBuffer | DataView {
  return value instanceof Uint8Array || value instanceof ArrayBuffer || value instanceof DataView;
}

/**
 * Returns the bytes of a `Uint8Array` (a `Buffer` is one), an `ArrayBuffer` or a `DataView`, not copied.
 * @throws UsageError for anything else
 */
export function toBytes(setting: string, value: unknown): Uint8Array {
  if (!isBytes(value))
    throw new UsageError({
      setting,
      rule: "be the bytes of a file, a Uint8Array or an ArrayBuffer",
      got: kindOf(value),
    });
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/**
 * Returns numbers as 32-bit floats: a `Float32Array` itself, a copy of a `Float64Array` or of a list of numbers.
 * @throws UsageError for anything else; the scale of integers is not known, so their arrays are not accepted
 */
export function toFloats(setting: string, value: unknown): Float32Array {
  if (value instanceof Float32Array) return value;
  if (value instanceof Float64Array) return Float32Array.from(value);
  if (Array.isArray(value) && value.every((item) => typeof item === "number"))
    return Float32Array.from(value);
  const isInteger = ArrayBuffer.isView(value) && !(value instanceof DataView);
  throw new UsageError({
    setting,
    rule: "be a Float32Array",
    got: kindOf(value),
    remedy: isInteger ? "convert its integers, e.g. divide 16-bit samples by 32768" : undefined,
  });
}

/**
 * Returns a tensor whose data are 32-bit floats.
 * @throws UsageError unless the value has data and a shape that fits them
 */
export function toTensor(setting: string, value: unknown): Tensor {
  checkObject(setting, value, "be a tensor of data and shape", { shape: "list" });
  const { data, shape } = value as Tensor;
  const floats = toFloats(`${setting}.data`, data);
  if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0) || sizeOf(shape) !== floats.length)
    throw new UsageError({
      setting: `${setting}.shape`,
      rule: `describe its ${floats.length} numbers`,
      got: `[${shape.join(", ")}]`,
    });
  return floats === data ? (value as Tensor) : { data: floats, shape };
}
