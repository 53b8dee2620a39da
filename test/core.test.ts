import { describe, expect, it } from "vitest";
import { checkChoice, checkInteger, checkNumber } from "../src/core/check.js";
import { errorLine } from "../src/core/errors.js";
import { canonicalJson, hashRecord, sha256Hex } from "../src/core/hash.js";
import { Random } from "../src/core/random.js";

describe("check", () => {
  it("names the argument, the rule and the value", () => {
    expect(() => checkInteger("stft: nFft", 3.5, { min: 2 })).toThrow(
      "stft: nFft must be an integer at least 2, got 3.5",
    );
    expect(() => checkNumber("dropout: rate", Number.NaN, { min: 0, below: 1 })).toThrow(
      "dropout: rate must be a number at least 0 and less than 1, got NaN",
    );
  });
  it("suggests the nearest choice", () => {
    expect(() => checkChoice("--mel-scale", "slany", ["slaney", "htk"])).toThrow(
      "--mel-scale must be one of slaney, htk, got slany; did you mean slaney?",
    );
  });
});

describe("errorLine", () => {
  it("is one line, whichever way the text breaks its lines", () => {
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
