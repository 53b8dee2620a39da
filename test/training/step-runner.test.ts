import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { add, encodeGraph, Graph, mul, sum } from "../../src/graph/index.js";
import { buildTrainingStep, initialState, STEP } from "../../src/nn/training-step.js";
import { batchFeeds, type StepModel, StepRunner } from "../../src/training/step-runner.js";
import { ENGINE } from "../engine.js";
import { drawBatch, tinyConfig } from "../nn/tiny-step.js";

const SHAPE = [4];
const vector = (...data: number[]) => ({ shape: [data.length], data: Float32Array.from(data) });

/** next w = w + learningRate * x; loss = sum(x) + sum(a) * 0 + sum(b) * 0; a and b are random. */
function adder(): StepModel {
  const graph = new Graph();
  const [w, x, a, b] = ["w", "x", "a", "b"].map((name) => graph.input(name, SHAPE));
  graph.output("next/w", add(w, mul(x, graph.input("learningRate", []))));
  graph.output("loss", add(sum(x), mul(add(sum(a), sum(b)), 0)));
  const draw = (random: Random) => Float32Array.from({ length: 4 }, () => random.normal());
  const randomInputs = ["a", "b"].map((name) => ({ name, shape: SHAPE, draw }));
  return { model: encodeGraph(graph), state: [{ name: "w" }], randomInputs };
}

describe("a step runner", () => {
  it("carries the state from step to step", async () => {
    const runner = await StepRunner.open(ENGINE, adder());
    runner.load(new Map([["w", vector(1, 2, 3, 4)]]));
    const settings = { learningRate: 0.5, random: new Random(1) };
    const { loss, layers } = await runner.run({ x: vector(2, 2, 2, 2) }, settings);
    expect([loss, layers]).toEqual([8, null]);
    await runner.run({ x: vector(2, 0, 0, 0) }, settings);
    expect([...(await runner.read()).get("w")!.data]).toEqual([3, 3, 4, 5]);
    runner.load(new Map([["w", vector(0, 0, 0, 0)]]));
    await runner.run({ x: vector(0, 0, 0, 2) }, settings);
    expect([...(await runner.read()).get("w")!.data]).toEqual([0, 0, 0, 1]);
    await runner.close();
  });

  it("draws each random input from a stream of its own, the same again for the same stream", async () => {
    const drawn: number[][] = [];
    const { randomInputs, ...step } = adder();
    const listening = randomInputs.map((input) => ({
      ...input,
      draw: (random: Random) => {
        const data = input.draw(random);
        drawn.push([...data]);
        return data;
      },
    }));
    const runner = await StepRunner.open(ENGINE, { ...step, randomInputs: listening });
    runner.load(new Map([["w", vector(0, 0, 0, 0)]]));
    for (const seed of [1, 1, 2])
      await runner.run({ x: vector(1, 1, 1, 1) }, { learningRate: 1, random: new Random(seed) });
    const [a, b, again, , other] = drawn;
    expect(a).not.toEqual(b);
    expect(again).toEqual(a);
    expect(other).not.toEqual(a);
    await runner.close();
  });

  it("looks back at the last state with a finite loss, and at its layers", async () => {
    const config = tinyConfig();
    const step = buildTrainingStep(config);
    const watched = buildTrainingStep({ ...config, watch: true });
    const runner = await StepRunner.open(ENGINE, step, watched);
    runner.load(initialState(step, new Random(1)));
    const batch = (name: string) => {
      const { inputs, targets } = drawBatch(config, name);
      return batchFeeds(step, { inputs: inputs.data, targets: targets.data });
    };
    const settings = { learningRate: 0.1, random: new Random(1) };
    const seen = await runner.run(batch("a"), { ...settings, watch: true });
    // A step of no numbers leaves weights that are none.
    const { inputs, ...rest } = batch("b");
    const poisoned = { ...rest, inputs: { ...inputs, data: inputs.data.map(() => Number.NaN) } };
    expect((await runner.run(poisoned, settings)).loss).toBeNaN();
    const { state, layers } = await runner.lookBack();
    expect([...state.get(STEP)!.data]).toEqual([0]);
    expect(layers).toEqual(seen.layers);
    await runner.close();
  });
});
