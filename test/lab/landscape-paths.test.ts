import { describe, expect, it } from "vitest";
import { landscapePath, landscapePaths } from "../../src/lab/landscape-paths.js";
import { LANDSCAPES } from "../../src/lab/landscapes.js";
import type { LandscapeName } from "../../src/lab/results.js";
import type { OptimizerConfig } from "../../src/nn/optimizers.js";
import { ENGINE } from "../engine.js";

/** Rounding errors of 150 steps, each a few float32 operations of 6e-8, relative to the start. */
const FLOAT32_TOLERANCE = 1e-4;

const sgd = (momentum: number): OptimizerConfig => ({
  kind: "sgd",
  momentum,
  nesterov: false,
  weightDecay: 0,
});

describe("a path on the quadratic", () => {
  const [x0, y0] = LANDSCAPES["ill-conditioned quadratic"].start;

  it("gradient descent follows the closed form: each step multiplies a weight by 1 - rate * curvature", async () => {
    const learningRate = 0.039;
    const path = await landscapePath(ENGINE, "ill-conditioned quadratic", {
      optimizer: sgd(0),
      learningRate,
      steps: 50,
    });
    expect(path).toHaveLength(51);
    path.forEach(([x, y, loss], step) => {
      expect(Math.abs(x - x0 * (1 - learningRate) ** step)).toBeLessThan(FLOAT32_TOLERANCE);
      expect(Math.abs(y - y0 * (1 - 50 * learningRate) ** step)).toBeLessThan(FLOAT32_TOLERANCE);
      expect(loss).toBe(LANDSCAPES["ill-conditioned quadratic"].at(x, y));
    });
  });

  it("momentum follows its recurrence", async () => {
    const learningRate = 0.02;
    const path = await landscapePath(ENGINE, "ill-conditioned quadratic", {
      optimizer: sgd(0.9),
      learningRate,
      steps: 50,
    });
    let [x, y, vx, vy] = [x0, y0, 0, 0];
    for (const point of path) {
      expect(Math.abs(point[0] - x)).toBeLessThan(FLOAT32_TOLERANCE);
      expect(Math.abs(point[1] - y)).toBeLessThan(FLOAT32_TOLERANCE);
      [vx, vy] = [0.9 * vx + x, 0.9 * vy + 50 * y];
      [x, y] = [x - learningRate * vx, y - learningRate * vy];
    }
  });

  it("Adam follows its recurrence, with averages corrected by the number of the step", async () => {
    const [learningRate, beta1, beta2, epsilon] = [0.2, 0.9, 0.999, 1e-8];
    const config: OptimizerConfig = { kind: "adam", beta1, beta2, epsilon, weightDecay: 0 };
    const path = await landscapePath(ENGINE, "ill-conditioned quadratic", {
      optimizer: config,
      learningRate,
      steps: 50,
    });
    const weights = [x0, y0].map((value, i) => ({ value, curvature: [1, 50][i], mean: 0, square: 0 }));
    path.forEach((point, step) => {
      weights.forEach((weight, i) => {
        expect(Math.abs(point[i] - weight.value)).toBeLessThan(FLOAT32_TOLERANCE);
        const slope = weight.curvature * weight.value;
        weight.mean += (1 - beta1) * (slope - weight.mean);
        weight.square += (1 - beta2) * (slope ** 2 - weight.square);
        const root = Math.sqrt(weight.square / (1 - beta2 ** (step + 1))) + epsilon;
        weight.value -= (learningRate * (weight.mean / (1 - beta1 ** (step + 1)))) / root;
      });
    });
  });

  it("gradient descent diverges above a learning rate of 2 / 50", async () => {
    const path = await landscapePath(ENGINE, "ill-conditioned quadratic", {
      optimizer: sgd(0),
      learningRate: 0.041,
      steps: 100,
    });
    expect(path.at(-1)![2]).toBeGreaterThan(path[0][2]);
  });
});

describe("the paths of the lab", async () => {
  const results = await landscapePaths(ENGINE);
  const pathOf = (name: LandscapeName, optimizer: string) =>
    results.find((each) => each.name === name)!.paths.find((path) => path.optimizer === optimizer)!.points;
  const stepsTo = (name: LandscapeName, optimizer: string, reached: (x: number, y: number) => boolean) =>
    pathOf(name, optimizer).findIndex(([x, y]) => reached(x, y));

  it("every optimizer ends at a minimum of every landscape", () => {
    for (const { name, paths } of results)
      for (const { points } of paths) {
        const [x, y] = points.at(-1)!;
        const distances = LANDSCAPES[name].minima.map(([mx, my]) => Math.hypot(x - mx, y - my));
        expect(Math.min(...distances)).toBeLessThan(0.1);
      }
  });

  it("gradient descent bounces across the valley, and momentum reaches the minimum sooner", () => {
    const name = "ill-conditioned quadratic";
    const path = pathOf(name, "sgd");
    for (let step = 1; step < 20; step++) expect(path[step][1] * path[step - 1][1]).toBeLessThan(0);
    const near = (x: number, y: number) =>
      LANDSCAPES[name].at(x, y) < 0.01 * LANDSCAPES[name].at(...LANDSCAPES[name].start);
    expect(stepsTo(name, "momentum", near)).toBeLessThan(stepsTo(name, "sgd", near));
  });

  it("gradient descent stays longest at the saddle", () => {
    const left = (_x: number, y: number) => Math.abs(y) > 0.5;
    const sgdLeft = stepsTo("saddle", "sgd", left);
    for (const optimizer of ["momentum", "rmsprop", "adam"])
      expect(stepsTo("saddle", optimizer, left)).toBeLessThan(sgdLeft / 2);
  });

  it("momentum alone rolls through the higher well into the lower one", () => {
    const lower = (optimizer: string) => pathOf("local minimum", optimizer).at(-1)![0] < 0;
    expect(["sgd", "momentum", "rmsprop", "adam"].filter(lower)).toEqual(["momentum"]);
  });
});
