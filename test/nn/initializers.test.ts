import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { constant, fans, glorotUniform, heNormal } from "../../src/nn/initializers.js";

const SHAPE = [64, 24, 5, 5]; // 38400 draws
const FAN_IN = 24 * 25;
const FAN_OUT = 64 * 25;
const N = 64 * FAN_IN;
// A right initializer passes 5 standard errors in all but one of a million seeds; the seed here is fixed.
const STANDARD_ERRORS = 5;

function moments(values: Float32Array) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance };
}

const shareBeyond = (values: Float32Array, bound: number) =>
  values.filter((value) => Math.abs(value) > bound).length / values.length;

/** Whether a share of N draws is that of a probability, within the binomial's standard errors. */
function expectShare(share: number, probability: number): void {
  const standardError = Math.sqrt((probability * (1 - probability)) / N);
  expect(Math.abs(share - probability)).toBeLessThan(STANDARD_ERRORS * standardError);
}

describe("fans", () => {
  it("counts channels times kernel elements", () => {
    expect(fans([8, 4, 3, 3])).toEqual({ fanIn: 36, fanOut: 72 });
    expect(fans([8, 4])).toEqual({ fanIn: 4, fanOut: 8 });
  });
});

describe("heNormal", () => {
  const values = heNormal(SHAPE, new Random("he"));
  const variance = 2 / FAN_IN;

  it("has mean 0 and variance 2 / fanIn", () => {
    const found = moments(values);
    expect(values).toHaveLength(N);
    expect(Math.abs(found.mean)).toBeLessThan(STANDARD_ERRORS * Math.sqrt(variance / N));
    expect(Math.abs(found.variance - variance)).toBeLessThan(STANDARD_ERRORS * variance * Math.sqrt(2 / N));
  });

  it("is normal and not truncated: the tails beyond 2 and 3 deviations are there", () => {
    expectShare(shareBeyond(values, 2 * Math.sqrt(variance)), 0.0455003);
    expectShare(shareBeyond(values, 3 * Math.sqrt(variance)), 0.0026998);
  });
});

describe("glorotUniform", () => {
  const values = glorotUniform(SHAPE, new Random("glorot"));
  const variance = 2 / (FAN_IN + FAN_OUT);
  const bound = Math.sqrt(3 * variance);

  it("has mean 0 and variance 2 / (fanIn + fanOut)", () => {
    const found = moments(values);
    expect(Math.abs(found.mean)).toBeLessThan(STANDARD_ERRORS * Math.sqrt(variance / N));
    // The fourth moment of a uniform distribution is 9/5 of its variance squared.
    expect(Math.abs(found.variance - variance)).toBeLessThan(STANDARD_ERRORS * variance * Math.sqrt(0.8 / N));
  });

  it("is uniform up to its bound and not beyond", () => {
    expect(shareBeyond(values, bound * (1 + 1e-6))).toBe(0);
    expectShare(shareBeyond(values, 0.9 * bound), 0.1);
  });
});

describe("every initializer", () => {
  it("repeats with its seed and differs with another", () => {
    for (const init of [heNormal, glorotUniform]) {
      expect(init([8, 3, 3, 3], new Random(1))).toEqual(init([8, 3, 3, 3], new Random(1)));
      expect(init([8, 3, 3, 3], new Random(1))).not.toEqual(init([8, 3, 3, 3], new Random(2)));
    }
  });

  it("constant gives one value and draws nothing", () => {
    const random = new Random(1);
    expect([...constant(0.5)([2, 2], random)]).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(random.state).toEqual(new Random(1).state);
  });
});
