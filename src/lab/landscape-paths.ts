import { Random } from "../core/random.js";
import type { Tensor } from "../core/tensor.js";
import { add, encodeGraph, Graph, gradients } from "../graph/index.js";
import { type OptimizerConfig, optimizerStep } from "../nn/optimizers.js";
import { STEP } from "../nn/training-step.js";
import type { Engine } from "../runtime/engine.js";
import { type StepModel, StepRunner } from "../training/step-runner.js";
import { LANDSCAPES } from "./landscapes.js";
import { COMPARED, type ComparedName } from "./optimizers.js";
import type { LandscapeName, LandscapePath, LandscapeResult } from "./results.js";

/** Enough for plain gradient descent to leave the saddle and settle. */
const STEPS = 150;

/**
 * Learning rates at which each landscape shows its difficulty.
 *
 * Quadratic: gradient descent diverges above 2 / 50 = 0.04, so its rate is just below: it bounces across the valley
 * and creeps along it. Momentum, which diverges above 2 * (1 + 0.9) / 50 = 0.076, has the same rate, for a fair race.
 * RMSProp and Adam divide the slope by its own size, so their steps are about as long as the rate (RMSProp's first step
 * is ten times that, because its average starts at 0); the rates are large enough to cover the distance of 4.5 in time.
 * Saddle: 0.1 for the two whose steps depend on the slope. Since (1 + 0.1)^73 = 1000, gradient descent needs about 70
 * steps from y = 0.001 to the height of the minima.
 * Local minimum: slow enough that the first well catches gradient descent; momentum, at the same rate, rolls past it.
 */
const RATES: Readonly<Record<LandscapeName, Readonly<Record<ComparedName, number>>>> = {
  "ill-conditioned quadratic": { sgd: 0.039, momentum: 0.039, rmsprop: 0.05, adam: 0.2 },
  saddle: { sgd: 0.1, momentum: 0.1, rmsprop: 0.02, adam: 0.05 },
  "local minimum": { sgd: 0.05, momentum: 0.05, rmsprop: 0.02, adam: 0.05 },
};

/** Runs each of the compared optimizers for 150 steps on every landscape. */
export async function landscapePaths(engine: Engine): Promise<LandscapeResult[]> {
  const results: LandscapeResult[] = [];
  for (const name of Object.keys(LANDSCAPES) as LandscapeName[]) {
    const paths: LandscapePath[] = [];
    for (const { optimizer, config } of COMPARED) {
      const learningRate = RATES[name][optimizer];
      const points = await landscapePath(engine, name, { optimizer: config, learningRate, steps: STEPS });
      paths.push({ optimizer, learningRate, points });
    }
    results.push({ name, paths });
  }
  return results;
}

/** The path of an optimizer from a landscape's start: the start and `steps` more points. */
export async function landscapePath(
  engine: Engine,
  name: LandscapeName,
  run: { optimizer: OptimizerConfig; learningRate: number; steps: number },
): Promise<LandscapePath["points"]> {
  const { learningRate, steps } = run;
  const { start, at } = LANDSCAPES[name];
  const model = landscapeStep(name, run.optimizer);
  const points: [number, number, number][] = [[...start, at(...start)]];
  const runner = await StepRunner.open(engine, model);
  const zeros = model.state.map((slot) => [slot.name, scalar(0)] as const);
  runner.load(new Map([...zeros, ["x", scalar(start[0])], ["y", scalar(start[1])]]));
  const random = new Random(0); // not used: a landscape draws no random numbers
  try {
    for (let step = 1; step <= steps; step++) {
      await runner.run({}, { learningRate, random });
      const state = await runner.read();
      const [x, y] = ["x", "y"].map((weight) => state.get(weight)!.data[0]);
      points.push([x, y, at(x, y)]);
    }
  } finally {
    await runner.close();
  }
  return points;
}

const scalar = (value: number): Tensor => ({ shape: [], data: Float32Array.of(value) });

/** One optimizer step on two scalar weights, x and y, as an ONNX model. */
function landscapeStep(name: LandscapeName, optimizer: OptimizerConfig): StepModel {
  const graph = new Graph();
  const state: { name: string }[] = [];
  const carried = (slot: string) => {
    state.push({ name: slot });
    return graph.input(slot, []);
  };
  const weights = ["x", "y"].map((each) => ({ name: each, value: carried(each), isDecayed: false }));
  const learningRate = graph.input("learningRate", []);
  const step = add(carried(STEP), 1);
  graph.output(`next/${STEP}`, step);
  const loss = LANDSCAPES[name].emit(weights[0].value, weights[1].value);
  graph.output("loss", loss);
  const found = gradients(
    loss,
    weights.map(({ value }) => value),
  );
  weights.forEach((weight, i) => {
    const next = optimizerStep(optimizer, weight, found[i], {
      learningRate,
      step,
      slot: carried,
      update: (slot, value) => graph.output(`next/${slot}`, value),
    });
    graph.output(`next/${weight.name}`, next);
  });
  return { model: encodeGraph(graph), state, randomInputs: [] };
}
