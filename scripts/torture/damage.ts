import type { Random } from "../../src/core/random.js";

/** Bytes that mean something to a decoder: zero, the signs of varints and of two's complement, quotes, braces. */
const TELLING = [0, 1, 2, 10, 0x22, 0x2c, 0x7b, 0x7d, 0x7f, 0x80, 0xfe, 0xff];

type Damage = (bytes: Uint8Array, random: Random) => Uint8Array;

/** A position and a length inside the bytes, most often short. */
function range(bytes: Uint8Array, random: Random): [start: number, end: number] {
  const start = random.integer(bytes.length);
  const longest = random.pick([4, 64, bytes.length]);
  return [start, Math.min(bytes.length, start + 1 + random.integer(longest))];
}

function changed(bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = new Uint8Array(bytes);
  change(copy);
  return copy;
}

const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const DAMAGES: readonly Damage[] = [
  function flipBits(bytes, random) {
    return changed(bytes, (copy) => {
      for (let n = 1 + random.integer(4); n > 0; n--)
        copy[random.integer(copy.length)] ^= 1 << random.integer(8);
    });
  },
  function setBytes(bytes, random) {
    return changed(bytes, (copy) => {
      for (let n = 1 + random.integer(4); n > 0; n--)
        copy[random.integer(copy.length)] = random.pick(TELLING);
    });
  },
  /** Lengths and counts are most often near the beginning. */
  function setHead(bytes, random) {
    return changed(bytes, (copy) => {
      for (let n = 1 + random.integer(3); n > 0; n--)
        copy[random.integer(Math.min(64, copy.length))] = random.pick(TELLING);
    });
  },
  /** A varint or a 32-bit length becomes as large as it can be. */
  function raise(bytes, random) {
    const [start] = range(bytes, random);
    return changed(bytes, (copy) => copy.fill(0xff, start, start + random.pick([1, 2, 4, 8, 9])));
  },
  function cutShort(bytes, random) {
    return bytes.slice(0, random.integer(bytes.length));
  },
  function cutOut(bytes, random) {
    const [start, end] = range(bytes, random);
    return joined(bytes.subarray(0, start), bytes.subarray(end));
  },
  function repeat(bytes, random) {
    const [start, end] = range(bytes, random);
    return joined(bytes.subarray(0, end), bytes.subarray(start));
  },
  function move(bytes, random) {
    const [start, end] = range(bytes, random);
    const rest = joined(bytes.subarray(0, start), bytes.subarray(end));
    const to = random.integer(rest.length + 1);
    return joined(rest.subarray(0, to), bytes.subarray(start, end), rest.subarray(to));
  },
  function blank(bytes, random) {
    const [start, end] = range(bytes, random);
    return changed(bytes, (copy) => copy.fill(random.pick([0, 0x20, 0xff]), start, end));
  },
  function append(bytes, random) {
    return joined(
      bytes,
      Uint8Array.from({ length: 1 + random.integer(40) }, () => random.integer(256)),
    );
  },
  function editNumber(bytes, random) {
    const text = Buffer.from(bytes).toString("latin1");
    const numbers = [...text.matchAll(/-?\d+(\.\d+)?/g)];
    if (numbers.length === 0) return cutAnywhere(bytes, random);
    const { index, 0: old } = random.pick(numbers);
    const value = random.pick([
      "0",
      "-1",
      "1.5",
      "1e12",
      "9".repeat(old.length),
      "1e999",
      "null",
      '""',
      "[]",
    ]);
    return new Uint8Array(
      Buffer.from(text.slice(0, index) + value + text.slice(index + old.length), "latin1"),
    );
  },
];

const cutAnywhere = DAMAGES[4];

/** Returns a damaged copy of a file; the random stream chooses how. Rarely the copy is equal. */
export function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  let result = bytes;
  for (let n = random.pick([1, 1, 1, 2, 3]); n > 0 && result.length > 0; n--)
    result = random.pick(DAMAGES)(result, random);
  return result;
}

/** Values that someone else may write in the place of any other. */
const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1, 2, 0.5, 1e9, 1e12, 1e300, 2 ** 31, 2 ** 53],
  ...["", "a", "../../../etc/passwd", "__proto__", "\u0000\n", "x".repeat(5000)],
  ...[[], {}, [[]], [0, -1], ["a", 1], { a: 1 }],
];

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function places(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...places(holder[key])]);
}

/** Returns a JSON text with some of its members or entries replaced, removed, renamed or added. */
export function editedJson(text: string, random: Random): string {
  const root = { value: JSON.parse(text) as unknown };
  for (let n = random.pick([1, 1, 2]); n > 0; n--) {
    const { holder, key } = random.pick(places(root));
    const edit = random.pick(["replace", "replace", "replace", "remove", "rename", "copy"]);
    if (edit === "replace") holder[key] = structuredClone(random.pick(VALUES));
    else if (edit === "copy") holder[key] = structuredClone(random.pick(places(root)).holder);
    else if (holder !== root) {
      if (edit === "rename") holder[`${key}s`] = holder[key];
      delete holder[key];
    }
  }
  return JSON.stringify(root.value) ?? "null";
}
