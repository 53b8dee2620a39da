import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { sizeOf } from "../../src/core/tensor.js";
import type { ActivationName } from "../../src/nn/activations.js";
import {
  constant,
  defaultInitializer,
  fans,
  INITIALIZER_NAMES,
  type InitializerName,
  initializerOf,
  initialVariance,
} from "../../src/nn/initializers.js";
import fixture from "./fixtures/torch-initializers.json" with { type: "json" };

// A correct initializer is within 5 standard errors for all but one in a million seeds; the seeds here are fixed.
const STANDARD_ERRORS = 5;
/** The relative rounding of one float32. */
const FLOAT32_EPSILON = 2 ** -24;
/** A few roundings of float64, relative. */
const FLOAT64_ROUNDING = 1e-15;

const SHAPES = { dense: [200, 150], "conv 1-D": [48, 80, 8], "conv 2-D": [64, 24, 5, 5] };
const FANS: Record<keyof typeof SHAPES, [number, number]> = {
  dense: [150, 200],
  "conv 1-D": [640, 384],
  "conv 2-D": [600, 1600],
};
type ShapeName = keyof typeof SHAPES;

/** Variances as their papers write them, in front of ReLU. */
const VARIANCES: Record<InitializerName, (fanIn: number, fanOut: number, outFeatures: number) => number> = {
  "glorot-uniform": (fanIn, fanOut) => 2 / (fanIn + fanOut),
  "glorot-normal": (fanIn, fanOut) => 2 / (fanIn + fanOut),
  "he-uniform": (fanIn) => 2 / fanIn,
  "he-normal": (fanIn) => 2 / fanIn,
  "lecun-uniform": (fanIn) => 1 / fanIn,
  "lecun-normal": (fanIn) => 1 / fanIn,
  // The squares of r orthonormal rows (or columns) sum to r = min(outFeatures, fanIn), over outFeatures * fanIn elements.
  orthogonal: (fanIn, _, outFeatures) => Math.min(outFeatures, fanIn) / (outFeatures * fanIn),
  small: () => 0.0001,
  zeros: () => 0,
};

const UNIFORM: InitializerName[] = ["glorot-uniform", "he-uniform", "lecun-uniform"];
const NORMAL: InitializerName[] = ["glorot-normal", "he-normal", "lecun-normal", "small"];

/** E[w^4] / E[w^2]^2; 1 where the sum of squares is not random. */
function kurtosisOf(name: InitializerName): number {
  if (UNIFORM.includes(name)) return 9 / 5;
  return NORMAL.includes(name) ? 3 : 1;
}

const draw = (
  name: InitializerName,
  shape: readonly number[],
  options: { activation?: ActivationName; seed?: string } = {},
) => initializerOf(name, options.activation ?? "relu")(shape, new Random(options.seed ?? name));

function moments(values: Float32Array) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance };
}

const fractionBeyond = (values: Float32Array, bound: number) =>
  values.filter((value) => Math.abs(value) > bound).length / values.length;

/** Expects the fraction of n draws beyond a bound to match its probability p: standard error sqrt(p * (1 - p) / n). */
function expectFraction(values: Float32Array, bound: number, probability: number): void {
  const standardError = Math.sqrt((probability * (1 - probability)) / values.length);
  expect(Math.abs(fractionBeyond(values, bound) - probability)).toBeLessThan(STANDARD_ERRORS * standardError);
}

/** The bits of float32 numbers, in hexadecimal. */
const bitsOf = (values: Float32Array) =>
  [...new Uint32Array(values.buffer, values.byteOffset, values.length)].map((bits) =>
    bits.toString(16).padStart(8, "0"),
  );

/** W W^T, or W^T W if there are fewer columns than rows: it must be the identity. */
function gram(weight: Float32Array, rows: number): number[][] {
  const columns = weight.length / rows;
  const isWide = rows < columns;
  const at = (vector: number, i: number) => weight[isWide ? vector * columns + i : i * columns + vector];
  const vectors = Array.from({ length: Math.min(rows, columns) }, (_, k) => k);
  const indices = Array.from({ length: Math.max(rows, columns) }, (_, i) => i);
  return vectors.map((a) => vectors.map((b) => indices.reduce((sum, i) => sum + at(a, i) * at(b, i), 0)));
}

describe("fans", () => {
  it("counts channels times kernel elements", () => {
    expect(fans([8, 4, 3, 3])).toEqual({ fanIn: 36, fanOut: 72 });
    expect(fans([8, 4])).toEqual({ fanIn: 4, fanOut: 8 });
  });
});

describe.each(INITIALIZER_NAMES)("%s", (name) => {
  it.each(Object.keys(SHAPES) as ShapeName[])("has mean 0 and the variance of its rule: %s", (shapeName) => {
    const shape = SHAPES[shapeName];
    const [fanIn, fanOut] = FANS[shapeName];
    const expected = VARIANCES[name](fanIn, fanOut, shape[0]);
    const values = draw(name, shape);
    const n = values.length;
    expect(n).toBe(sizeOf(shape));
    const { mean, variance } = moments(values);
    // Standard errors: sqrt(variance / n) for the mean, even if elements are dependent but uncorrelated, as in
    // orthogonal matrices; variance * sqrt((kurtosis - 1) / n) for the variance, in addition to float32's rounding and
    // the square of the estimated mean.
    const ofMean = Math.sqrt(expected / n);
    const ofVariance = expected * Math.sqrt((kurtosisOf(name) - 1) / n);
    expect(Math.abs(mean)).toBeLessThanOrEqual(STANDARD_ERRORS * ofMean);
    expect(Math.abs(variance - expected)).toBeLessThanOrEqual(
      STANDARD_ERRORS * ofVariance + (STANDARD_ERRORS * ofMean) ** 2 + FLOAT32_EPSILON * expected,
    );
    expect(Math.abs(initialVariance(name, "relu", shape) - expected)).toBeLessThanOrEqual(
      FLOAT64_ROUNDING * expected,
    );
  });

  it("repeats with the same seed and differs with another", () => {
    expect(draw(name, [8, 3, 3, 3])).toEqual(draw(name, [8, 3, 3, 3]));
    if (name !== "zeros")
      expect(draw(name, [8, 3, 3, 3])).not.toEqual(draw(name, [8, 3, 3, 3], { seed: "another" }));
  });
});

describe.each(UNIFORM)("%s", (name) => {
  it("is uniform up to its bound, sqrt(3 * variance), and never beyond", () => {
    const values = draw(name, SHAPES["conv 2-D"]);
    const bound = Math.sqrt(3 * VARIANCES[name](...FANS["conv 2-D"], SHAPES["conv 2-D"][0]));
    expect(fractionBeyond(values, bound * (1 + FLOAT32_EPSILON))).toBe(0);
    for (const part of [0.1, 0.5, 0.9, 0.99]) expectFraction(values, part * bound, 1 - part);
  });
});

describe.each(NORMAL)("%s", (name) => {
  it("is normal and not truncated: the fractions beyond 1, 2 and 3 deviations are right", () => {
    const values = draw(name, SHAPES["conv 2-D"]);
    const std = Math.sqrt(VARIANCES[name](...FANS["conv 2-D"], SHAPES["conv 2-D"][0]));
    expectFraction(values, std, 0.3173105);
    expectFraction(values, 2 * std, 0.0455003);
    expectFraction(values, 3 * std, 0.0026998);
  });
});

describe("he-uniform and he-normal", () => {
  it.each(Object.entries(fixture.gains))("use PyTorch's gain in front of %s", (activation, gain) => {
    for (const name of ["he-uniform", "he-normal"] as const) {
      const variance = initialVariance(name, activation as ActivationName, [8, 1, 5, 5]);
      // The gains of ReLU and leaky ReLU are 5e-5 apart.
      expect(Math.abs(Math.sqrt(variance * 25) / gain - 1)).toBeLessThan(FLOAT64_ROUNDING);
    }
  });

  it("scale the same draws by the gain in front of leaky ReLU", () => {
    const ratio = fixture.gains["leaky-relu"] / fixture.gains.relu;
    for (const name of ["he-uniform", "he-normal"] as const) {
      const leaky = draw(name, [8, 50], { activation: "leaky-relu" });
      draw(name, [8, 50]).forEach((value, i) => {
        expect(Math.abs(leaky[i] / value / ratio - 1)).toBeLessThan(4 * FLOAT32_EPSILON);
      });
    }
  });
});

describe("orthogonal", () => {
  // Rows of length 1 and up to 72 numbers, each rounded to float32: their dot products err by less than one rounding.
  const TOLERANCE = 2 * FLOAT32_EPSILON;

  it.each([[[12, 72]], [[8, 8, 3, 3]], [[40, 12]], [[30, 2, 5]], [[24, 24]], [[1, 9]], [[9, 1]]])(
    "has orthonormal rows or columns, whichever are fewer: %j",
    (shape) => {
      gram(draw("orthogonal", shape), shape[0]).forEach((row, i) => {
        row.forEach((value, j) => {
          expect(Math.abs(value - (i === j ? 1 : 0))).toBeLessThan(TOLERANCE);
        });
      });
    },
  );

  it.each(fixture.orthogonal)("equals PyTorch's from the same normal draws: $shape", (given) => {
    const left = [...given.normal];
    class Replay extends Random {
      override normal(): number {
        return left.shift()!;
      }
    }
    const weight = initializerOf("orthogonal", "relu")(given.shape, new Replay(0));
    // float64 on both sides; what is left is the rounding to float32 of numbers up to 1.
    given.weight.forEach((value, i) => {
      expect(Math.abs(weight[i] - value)).toBeLessThan(FLOAT32_EPSILON);
    });
    expect(left).toEqual([]);
  });
});

describe("zeros and constant", () => {
  it("give one value and draw nothing", () => {
    const random = new Random(1);
    expect([...initializerOf("zeros", "relu")([2, 2], random)]).toEqual([0, 0, 0, 0]);
    expect([...constant(0.5)([2, 2], random)]).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(random.state).toEqual(new Random(1).state);
  });
});

describe("first draws, to the bit", () => {
  // The same on every platform: + - * / and sqrt are rounded exactly by IEEE 754, JavaScript never fuses a product with
  // a sum, and V8 brings its own Math.log (fdlibm). If a last bit of a float64 did differ, rounding to float32 would
  // hide it in all but one number in about 2^28: a port to Python, with another log and LAPACK's QR, gave these bits.
  const BITS: Record<InitializerName, string[]> = {
    "glorot-uniform": ["3f07e2f4", "3f0161e2", "be15d184", "bf44e188"],
    "glorot-normal": ["3e1bf9d3", "3f805319", "3e82521b", "bdfb61a3"],
    "he-uniform": ["3f56db00", "3f4c924c", "be6ce23c", "bf9ba5e9"],
    "he-normal": ["3e769e99", "3fcae626", "3ece0e1f", "be46bc04"],
    "lecun-uniform": ["3f17ecff", "3f10a764", "be278089", "bf5c1ea0"],
    "lecun-normal": ["3e2e62e7", "3f8f78a5", "3e91b3f8", "be0c86c7"],
    orthogonal: ["3e142ba0", "3f73ce47", "3e779925", "bdeecd34"],
    small: ["3b5f36ea", "3cb7a4aa", "3bba7ff5", "bb33dfb7"],
    zeros: ["00000000", "00000000", "00000000", "00000000"],
  };

  it.each(INITIALIZER_NAMES)("%s", (name) => {
    expect(bitsOf(draw(name, [3, 2, 2], { seed: "bits" }).subarray(0, 4))).toEqual(BITS[name]);
  });
});

describe("through 20 layers", () => {
  const DEPTH = 20;
  const WIDTH = 256;
  const BATCH = 16;
  const FUNCTIONS = {
    relu: (x: number) => Math.max(x, 0),
    "leaky-relu": (x: number) => (x > 0 ? x : 0.01 * x),
    tanh: Math.tanh,
  };
  type Name = keyof typeof FUNCTIONS;

  /** Root mean square of the last layer's activations divided by the first layer's, for normal inputs, in float64. */
  function change(name: InitializerName, activation: Name): number {
    const random = new Random(`${name} ${activation}`);
    const init = initializerOf(name, activation);
    let x = Array.from({ length: BATCH }, () => Array.from({ length: WIDTH }, () => random.normal()));
    const sizes: number[] = [];
    for (let layer = 0; layer < DEPTH; layer++) {
      const weight = init([WIDTH, WIDTH], random);
      x = x.map((inputs) =>
        inputs.map((_, out) => {
          let sum = 0;
          for (let i = 0; i < WIDTH; i++) sum += weight[out * WIDTH + i] * inputs[i];
          return FUNCTIONS[activation](sum);
        }),
      );
      sizes.push(Math.sqrt(x.flat().reduce((sum, value) => sum + value * value, 0) / (BATCH * WIDTH)));
    }
    return sizes[DEPTH - 1] / sizes[0];
  }

  // The log of the mean square drifts randomly by about sqrt(5 / width) per layer: by 0.6 over 19 layers, a factor of
  // 1.4 in the root mean square; 3 is more than three such factors.
  const WALK = 3;

  it.each(["relu", "leaky-relu"] as const)("He initialization keeps the signal of %s", (activation) => {
    const factor = change(defaultInitializer(activation), activation);
    expect(factor).toBeGreaterThan(1 / WALK);
    expect(factor).toBeLessThan(WALK);
  });

  it("Glorot initialization keeps the signal of tanh, which only its curvature reduces", () => {
    // Near 0, a layer takes the mean square v to v - 2 v^2: about 1 / (2 * 20) after 20 layers, 0.4 after the first.
    const factor = change(defaultInitializer("tanh"), "tanh");
    expect(factor).toBeGreaterThan(0.2);
    expect(factor).toBeLessThan(1);
  });

  it("Glorot initialization in front of ReLU halves the mean square in every layer", () => {
    const factor = change("glorot-uniform", "relu") * 2 ** ((DEPTH - 1) / 2);
    expect(factor).toBeGreaterThan(1 / WALK);
    expect(factor).toBeLessThan(WALK);
  });

  it.each(["relu", "tanh"] as const)("small weights let the signal of %s vanish", (activation) => {
    // A layer multiplies by at most 0.01 * sqrt(256) = 0.16: 19 of them by 1e-15.
    expect(change("small", activation)).toBeLessThan(1e-14);
    expect(change("zeros", activation)).toBeNaN(); // 0 / 0
  });
});

describe("defaultInitializer", () => {
  it("is Glorot uniform in front of tanh and sigmoid, He normal in front of the ReLU family", () => {
    const he: ActivationName[] = ["relu", "leaky-relu", "elu", "gelu", "silu"];
    for (const activation of he) expect(defaultInitializer(activation)).toBe("he-normal");
    for (const activation of ["tanh", "sigmoid"] as const)
      expect(defaultInitializer(activation)).toBe("glorot-uniform");
  });
});
