import { describe, expect, it } from "vitest";
import { checkChoice, checkInteger, checkIntegers, checkNames, checkNumber } from "../src/core/check.js";
import { counted } from "../src/core/counted.js";
import { DataError, errorLine, UsageError } from "../src/core/errors.js";
import { canonicalJson, hashRecord, sha256Hex } from "../src/core/hash.js";
import { Random } from "../src/core/random.js";
import { usageMessageOf } from "./store/message-of.js";

it("a counted noun is in the singular for one only", () => {
  expect([0, 1, 2].map((n) => counted(n, "clip"))).toEqual(["0 clips", "1 clip", "2 clips"]);
  expect([0, 1, 2].map((n) => counted(n, "class", "classes"))).toEqual(["0 classes", "1 class", "2 classes"]);
});

describe("errors", () => {
  const mistake = {
    setting: "fMax",
    rule: "be at most 11025 Hz (half of `sampleRate`)",
    got: "16000 Hz",
    remedy: "lower it",
  };
  it("a UsageError says what must be and what was given, and keeps the parts", () => {
    const cause = new Error("below");
    const error = new UsageError(mistake, { cause });
    expect(error.message).toBe(
      "fMax must be at most 11025 Hz (half of `sampleRate`), got 16000 Hz; lower it",
    );
    expect(error).toMatchObject({ ...mistake, cause });
  });
  it.each([
    [undefined, "undefined"],
    [null, "null"],
    [[8, "x"], '[8,"x"]'],
    [{ kind: "vgg" }, '{"kind":"vgg"}'],
    ["two\n  lines", "two lines"],
    [Number.NaN, "NaN"],
  ])("a UsageError shows the value %j on one line", (got, text) => {
    expect(new UsageError({ setting: "a", rule: "be b", got }).message).toBe(`a must be b, got ${text}`);
  });
  it("a DataError starts with the path, if there is one", () => {
    expect(new DataError("a.wav", "is empty")).toMatchObject({
      message: "a.wav: is empty",
      path: "a.wav",
      reason: "is empty",
    });
    expect(new DataError(null, "jazz has 1 clip")).toMatchObject({ message: "jazz has 1 clip", path: null });
  });
  it("a DataError is one line, whatever the file holds", () => {
    expect(new DataError("a\n.npy", "holds '<f\r\n'\u2028, not floats")).toMatchObject({
      message: "a .npy: holds '<f ' , not floats",
      path: "a\n.npy",
      reason: "holds '<f ' , not floats",
    });
  });
  it("a UsageError is shown without backticks, any other error unchanged", () => {
    expect(errorLine(new UsageError(mistake))).toBe(
      "fMax must be at most 11025 Hz (half of sampleRate), got 16000 Hz; lower it",
    );
    expect(errorLine(new SyntaxError("no `\n here"))).toBe("no ` here");
  });
});

describe("check", () => {
  it.each([
    [{ min: 2 }, 3.5, "an integer of at least 2, got 3.5"],
    [{ min: 1, max: 9 }, 10, "an integer from 1 to 9, got 10"],
    [{ min: 1 }, "5", 'an integer of at least 1, got "5"'],
    [{ max: 9 }, Number.POSITIVE_INFINITY, "an integer of at most 9, got Infinity"],
  ])("an integer within %j cannot be %j", (rule, value, text) => {
    expect(usageMessageOf(() => checkInteger("nFft", value, rule))).toBe(`nFft must be ${text}`);
  });
  it.each([
    [{ min: 0, below: 1 }, 1, "a number of at least 0 and less than 1, got 1"],
    [{ min: 0, below: 1 }, Number.NaN, "a number of at least 0 and less than 1, got NaN"],
    [{ above: 0, max: 1 }, 0, "a number greater than 0 and at most 1, got 0"],
    [{ above: 0, below: 1 }, 1, "a number greater than 0 and less than 1, got 1"],
    [{ above: 0 }, -1, "a number greater than 0, got -1"],
    [{ min: 0, max: 3 }, 4, "a number from 0 to 3, got 4"],
    [{}, "", 'a number, got ""'],
  ])("a number within %j cannot be %j", (rule, value, text) => {
    expect(usageMessageOf(() => checkNumber("rate", value, rule))).toBe(`rate must be ${text}`);
  });
  it.each([
    [{ min: 0, max: 3 }, [0, 3, 1.5]],
    [{ above: 0, below: 1 }, [1e-9, 0.999]],
    [{}, [-1e300, 0]],
  ])("numbers within %j include %j", (rule, values) => {
    for (const value of values) expect(checkNumber("rate", value, rule)).toBe(value);
  });
  it.each([[[]], [8], [[8, 0]], [["8"]], ["8"]])("a list of sizes cannot be %j", (value) => {
    expect(() => checkIntegers("channels", value, { min: 1 })).toThrow(
      `channels must be a list of integers of at least 1, got ${JSON.stringify(value)}`,
    );
  });
  it("a list of sizes can be [8, 16]", () => {
    expect(checkIntegers("channels", [8, 16], { min: 1 })).toEqual([8, 16]);
  });
  it("suggests the nearest choice", () => {
    for (const [value, got] of [
      ["", '""'],
      [null, "null"],
    ])
      expect(() => checkChoice("split", value, ["test", "all"])).toThrow(
        new RegExp(`^split must be one of test, all, got ${got}$`),
      );
    expect(() => checkChoice("--mel-scale", "slany", ["slaney", "htk"])).toThrow(
      "--mel-scale must be one of slaney, htk, got slany; did you mean slaney?",
    );
  });
  it("suggests the nearest name", () => {
    expect(() => checkNames("optimizer", ["kind", "momentun"], ["kind", "momentum"])).toThrow(
      "optimizer must have no settings but kind, momentum, got momentun; did you mean `momentum`?",
    );
    expect(() => checkNames("optimizer", ["momentum"], ["kind", "momentum"])).not.toThrow();
  });
});

describe("errorLine", () => {
  it("is one line, whichever line breaks the text has", () => {
    expect(errorLine(new Error("a\n  b\r\nc\rd\u2028e"))).toBe("a b c d e");
    expect(errorLine("no error")).toBe("no error");
  });
});

describe("hash", () => {
  it("is SHA-256", () => {
    // FIPS 180-2, appendix B.1.
    expect(sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
  it("does not depend on the order of keys", () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: 3 })).toBe('{"a":3,"b":[{"c":2,"d":1}]}');
    expect(hashRecord({ a: 1, b: 2 })).toBe(hashRecord({ b: 2, a: 1 }));
  });
});

describe("Random", () => {
  it("repeats from its seed and from its state", () => {
    const draw = (random: Random) => Array.from({ length: 5 }, () => random.uint32());
    const random = new Random(7);
    const first = draw(random);
    expect(draw(new Random(7))).toEqual(first);
    expect(draw(new Random(8))).not.toEqual(first);
    const state = random.state;
    expect(draw(new Random(state))).toEqual(draw(random));
  });
  it("forks streams that depend on the name and leave the parent alone", () => {
    const random = new Random(7);
    const a = random.fork("a").uint32();
    expect(random.fork("a").uint32()).toBe(a);
    expect(random.fork("b").uint32()).not.toBe(a);
    expect(random.uint32()).toBe(new Random(7).uint32());
  });
  it("has the moments of its distributions", () => {
    const random = new Random("moments");
    const n = 200_000;
    const moments = (draw: () => number) => {
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < n; i++) {
        const x = draw();
        sum += x;
        squares += x * x;
      }
      return { mean: sum / n, variance: squares / n - (sum / n) ** 2 };
    };
    // Five standard errors of a mean of n draws.
    const tolerance = (std: number) => (5 * std) / Math.sqrt(n);
    const uniform = moments(() => random.uniform());
    expect(Math.abs(uniform.mean - 0.5)).toBeLessThan(tolerance(Math.sqrt(1 / 12)));
    expect(Math.abs(uniform.variance - 1 / 12)).toBeLessThan(tolerance(0.1));
    const normal = moments(() => random.normal());
    expect(Math.abs(normal.mean)).toBeLessThan(tolerance(1));
    expect(Math.abs(normal.variance - 1)).toBeLessThan(tolerance(Math.SQRT2));
  });
  it("shuffles to a permutation", () => {
    const items = Array.from({ length: 100 }, (_, i) => i);
    const shuffled = new Random(1).shuffle(items);
    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
  });
});
