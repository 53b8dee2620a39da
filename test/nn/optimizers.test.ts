import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { fraction, notNegative } from "../../src/core/setting-checks.js";
import { add, mul } from "../../src/graph/index.js";
import type { Optimizer, OptimizerSettings } from "../../src/nn/optimizer.js";
import { OPTIMIZERS, optimizerName } from "../../src/nn/optimizers.js";
import { buildTrainingStep, initialState } from "../../src/nn/training-step.js";
import { runSteps } from "./run-steps.js";
import { drawBatch, tinyConfig } from "./tiny-step.js";

interface SignumConfig extends OptimizerSettings {
  readonly kind: "signum";
  readonly momentum: number;
}

/** An optimizer that timbrel does not have: every element moves by the learning rate, against its velocity's sign. */
const signum: Optimizer<SignumConfig, never> = {
  defaults: { kind: "signum", momentum: 0.9, weightDecay: 0 },
  learningRate: 0.01,
  checks: { momentum: fraction, weightDecay: notNegative },
  direction({ momentum }, g, { advance }) {
    const velocity = advance("velocity", (last) => add(mul(last, momentum), g));
    return g.graph.emit("Sign", [velocity], { shape: g.shape });
  },
};

describe("a custom optimizer, as one record", () => {
  const config = tinyConfig({ optimizer: signum });
  const step = buildTrainingStep(config);
  const batch = drawBatch(config);

  it("overfits one batch", async () => {
    const { learningRate } = signum;
    const { losses } = await runSteps(step, Array(60).fill(batch), { learningRate });
    expect(losses[0]).toBeGreaterThan(0.8);
    expect(losses.at(-1)).toBeLessThan(0.05);
  });

  it("moves a weight by its own rule and carries its own state", async () => {
    const initial = initialState(step, new Random("signum"));
    const { states } = await runSteps(step, [batch, batch], { learningRate: 0.25, initial });
    const before = initial.get("block2.conv.weight")!.data;
    const [after, later] = states.map((state) => state.get("block2.conv.weight")!.data);
    const [velocity, next] = states.map((state) => state.get("block2.conv.weight.velocity")!.data);
    before.forEach((value, i) => {
      expect(after[i]).toBe(Math.fround(value - 0.25 * Math.sign(velocity[i])));
      expect(later[i]).toBe(Math.fround(after[i] - 0.25 * Math.sign(next[i])));
    });
  });

  it("runs with its defaults and decays weights as every optimizer does", async () => {
    const decayed = { ...signum, defaults: { ...signum.defaults, momentum: 0, weightDecay: 1000 } };
    const initial = initialState(step, new Random("signum"));
    const { state } = await runSteps(buildTrainingStep(tinyConfig({ optimizer: decayed })), [batch], {
      learningRate: 0.25,
      initial,
    });
    const before = initial.get("block2.conv.weight")!.data;
    // This much weight decay outweighs the loss's gradient.
    state.get("block2.conv.weight")!.data.forEach((value, i) => {
      expect(value).toBe(Math.fround(before[i] - 0.25 * Math.sign(before[i])));
    });
  });
});

describe("the name of an optimizer", () => {
  it.each(Object.entries(OPTIMIZERS))("%s follows from its settings", (name, { optimizer }) => {
    expect(optimizerName(optimizer)).toBe(name);
    expect(optimizerName({ ...optimizer, weightDecay: 0.5 })).toBe(name);
  });
  it("depends on what makes a variant, not on exact numbers", () => {
    const { sgd, nesterov } = OPTIMIZERS;
    const withMomentum = (preset: typeof sgd, momentum: number) =>
      optimizerName({ ...preset.optimizer, momentum } as typeof sgd.optimizer);
    expect(withMomentum(sgd, 0.5)).toBe("momentum");
    expect(withMomentum(nesterov, 0.5)).toBe("nesterov");
    expect(withMomentum(nesterov, 0)).toBe("sgd"); // without momentum there is nothing to look ahead along
  });
});
