import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { type GradientAt, largestEigenvalue } from "../../src/lab/largest-eigenvalue.js";
import { netConfig } from "../../src/nn/architectures.js";
import type { Task } from "../../src/nn/training-step.js";
import { LossGradient } from "../../src/training/loss-gradient.js";
import { ENGINE } from "../engine.js";
import { decodeStored, relativeError } from "../nn/stored.js";
import fixture from "./fixtures/torch-hessian.json" with { type: "json" };

/** float32 against float64, over about ten operations of 6e-8 each. */
const FLOAT32_TOLERANCE = 2e-6;

/** Error of central differences (2.4e-5 here, a quarter of it at half the step) and of gradients (1e-7 / 2^-7). */
const EIGENVALUE_TOLERANCE = 1e-4;

/** Enough iterations that power iteration itself leaves no noticeable error. */
const PATIENT = { tolerance: 1e-7, maxIterations: 400 };

/** The gradient of a quadratic with these eigenvalues, whose eigenvectors are turned away from the axes. */
function quadratic(eigenvalues: readonly number[]): { gradientAt: GradientAt; normal: number[] } {
  const n = eigenvalues.length;
  // A Householder reflection: orthogonal and its own inverse.
  const normal = Array.from({ length: n }, (_, i) => (i + 1) / Math.sqrt((n * (n + 1) * (2 * n + 1)) / 6));
  const reflect = (x: readonly number[]) => {
    const along = x.reduce((sum, value, i) => sum + value * normal[i], 0);
    return x.map((value, i) => value - 2 * along * normal[i]);
  };
  const gradientAt: GradientAt = async (weights) =>
    Float32Array.from(reflect(reflect([...weights]).map((value, i) => eigenvalues[i] * value)));
  return { gradientAt, normal };
}

const random = () => new Random("eigenvalue");

describe("the largest eigenvalue of a quadratic", () => {
  it.each([
    ["all positive", [7, 3, 1, 0.1], 7],
    ["one negative", [-2, 7, 3, 1], 7],
    ["the one of largest magnitude negative", [4, -10, 1, 0.5], 4],
    ["all negative", [-3, -10, -5, -7], -3],
  ])("%s", async (_name, eigenvalues, expected) => {
    const { gradientAt } = quadratic(eigenvalues);
    const weights = Float32Array.of(0.3, -0.5, 1, 0.2);
    const found = await largestEigenvalue(gradientAt, weights, { random: random(), ...PATIENT });
    expect(Math.abs(found.eigenvalue - expected)).toBeLessThan(EIGENVALUE_TOLERANCE * Math.abs(expected));
  });

  it("has its eigenvector", async () => {
    const { gradientAt, normal } = quadratic([7, 3, 1]);
    const { vector } = await largestEigenvalue(gradientAt, new Float32Array(3), {
      random: random(),
      ...PATIENT,
    });
    const expected = normal.map((value, i) => (i === 0 ? 1 : 0) - 2 * normal[0] * value);
    const cosine = expected.reduce((sum, value, i) => sum + value * vector[i], 0);
    expect(Math.abs(cosine)).toBeGreaterThan(1 - EIGENVALUE_TOLERANCE);
  });

  it("is 0 without curvature", async () => {
    const slope: GradientAt = async (weights) => weights.map(() => 2);
    const { eigenvalue } = await largestEigenvalue(slope, new Float32Array(3), { random: random() });
    expect(eigenvalue).toBe(0);
  });

  it("takes two gradients per iteration, and two iterations if it starts at the answer", async () => {
    let count = 0;
    const { gradientAt } = quadratic([7, 6.9, 1]);
    const counted: GradientAt = (weights) => {
      count++;
      return gradientAt(weights);
    };
    const options = { random: random(), tolerance: 1e-12, maxIterations: 5 };
    await largestEigenvalue(counted, new Float32Array(3), options);
    expect(count).toBe(10);
    const { vector } = await largestEigenvalue(gradientAt, new Float32Array(3), {
      ...options,
      maxIterations: 3000,
    });
    count = 0;
    await largestEigenvalue(counted, new Float32Array(3), { random: random(), start: vector });
    expect(count).toBe(4); // the second iteration finds no change
  });

  it("rejects a tolerance of 0", async () => {
    await expect(
      largestEigenvalue(quadratic([1]).gradientAt, new Float32Array(1), { random: random(), tolerance: 0 }),
    ).rejects.toThrow("tolerance must be a number greater than 0, got 0");
  });
});

describe("the largest eigenvalue of a tanh net's loss on the engine equals PyTorch's", () => {
  const cases = fixture.cases.map((each) => ({
    ...each,
    task: each.task as Task,
    inputs: decodeStored(each.inputs),
    targets: decodeStored(each.targets),
    weights: decodeStored(each.weights),
    gradient: decodeStored(each.gradient),
  }));

  it.each(cases.map((each) => [each.task, each] as const))("%s", async (_name, each) => {
    const [batchSize, ...inputShape] = each.inputs.shape;
    const loss = await LossGradient.open(
      {
        net: netConfig({
          kind: "mlp",
          units: [fixture.units],
          activation: "tanh",
          batchNorm: null,
          dropout: 0,
        }),
        task: each.task,
        nLabels: each.targets.shape[1],
        inputShape,
        batchSize,
        normalization: { kind: "none" },
      },
      { inputs: each.inputs.data, targets: each.targets.data },
      ENGINE,
    );
    expect(loss.size).toBe(each.weights.data.length);
    const here = await loss.at(each.weights.data);
    expect(Math.abs(here.loss - each.loss)).toBeLessThan(FLOAT32_TOLERANCE * each.loss);
    const found = { data: here.gradient, shape: each.gradient.shape };
    expect(relativeError(found, each.gradient)).toBeLessThan(FLOAT32_TOLERANCE);

    const gradientAt: GradientAt = async (weights) => (await loss.at(weights)).gradient;
    const { eigenvalue } = await largestEigenvalue(gradientAt, each.weights.data, {
      random: random(),
      ...PATIENT,
    });
    const [largest] = each.eigenvalues;
    expect(Math.abs(eigenvalue - largest)).toBeLessThan(EIGENVALUE_TOLERANCE * largest);
    await loss.close();
  });

  it("and its gradient ignore targets that are not known", async () => {
    const net = netConfig({ kind: "mlp", units: [4], activation: "tanh", batchNorm: null, dropout: 0 });
    const task = "multi-label";
    const normalization = { kind: "none" } as const;
    const shape = { nLabels: 2, inputShape: [1, 3], batchSize: 2 };
    const config = { net, task, ...shape, normalization, isMasked: true } as const;
    const inputs = Float32Array.of(1, 2, 3, -1, 0, 1);
    const at = async (...targets: number[]) => {
      const loss = await LossGradient.open(config, { inputs, targets: Float32Array.from(targets) }, ENGINE);
      const { gradient, loss: value } = await loss.at(loss.initialWeights(random()));
      await loss.close();
      return { value, gradient: [...gradient] };
    };
    const [known, partly, other] = [await at(1, 0, 0, 1), await at(1, 0, 0, NaN), await at(1, 0, NaN, 0)];
    expect([...partly.gradient, partly.value].every(Number.isFinite)).toBe(true);
    expect(partly.value).not.toBe(known.value);
    expect(other.gradient).not.toEqual(partly.gradient);
  });
});
