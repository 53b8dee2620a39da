import type { Tensor } from "../core/tensor.js";
import { encodeGraph, Graph, gradients } from "../graph/index.js";
import { type OptimizerConfig, optimizerStep } from "../nn/optimizers.js";
import { Session } from "../runtime/session.js";
import { LANDSCAPES } from "./landscapes.js";
import { COMPARED, type ComparedName } from "./optimizers.js";
import type { LandscapeName, LandscapePath, LandscapeResult } from "./results.js";

/** Enough for plain gradient descent to leave the saddle and settle. */
const STEPS = 150;

/**
 * Learning rates at which each landscape shows what it is for.
 *
 * Quadratic: gradient descent diverges from 2 / 50 = 0.04 on, so it goes just below, where it bounces across the valley and
 * creeps along it; momentum, whose bound is 2 * (1 + 0.9) / 50 = 0.076, at the same rate for a fair race. RMSProp and
 * Adam divide the slope by its own size: their steps are about the rate (RMSProp's first is ten times that, as its
 * average begins at 0), chosen to cross the 4.5 to the minimum in time.
 * Saddle: a tenth for the two that feel the slope: (1 + 0.1)^73 = 1000, so gradient descent needs some 70 steps from
 * y = 0.001 to the height of the minima.
 * Local minimum: slow enough for gradient descent to be caught by the first well; at the same rate momentum carries over.
 */
const RATES: Readonly<Record<LandscapeName, Readonly<Record<ComparedName, number>>>> = {
  "ill-conditioned quadratic": { sgd: 0.039, momentum: 0.039, rmsprop: 0.05, adam: 0.2 },
  saddle: { sgd: 0.1, momentum: 0.1, rmsprop: 0.02, adam: 0.05 },
  "local minimum": { sgd: 0.05, momentum: 0.05, rmsprop: 0.02, adam: 0.05 },
};

/** The paths of the compared optimizers over every landscape, 150 steps each. */
export async function landscapePaths(): Promise<LandscapeResult[]> {
  const results: LandscapeResult[] = [];
  for (const name of Object.keys(LANDSCAPES) as LandscapeName[]) {
    const paths: LandscapePath[] = [];
    for (const { optimizer, config } of COMPARED) {
      const learningRate = RATES[name][optimizer];
      const points = await landscapePath(name, config, { learningRate, steps: STEPS });
      paths.push({ optimizer, learningRate, points });
    }
    results.push({ name, paths });
  }
  return results;
}

/** Where an optimizer goes from a landscape's start: the start and `steps` points more. */
export async function landscapePath(
  name: LandscapeName,
  config: OptimizerConfig,
  { learningRate, steps }: { learningRate: number; steps: number },
): Promise<LandscapePath["points"]> {
  const { model, slots } = landscapeStep(name, config);
  const { start, at } = LANDSCAPES[name];
  let state: Record<string, Tensor> = { x: scalar(start[0]), y: scalar(start[1]) };
  for (const slot of slots) state[slot] = scalar(0);
  const points: [number, number, number][] = [[...start, at(...start)]];
  // Three scalars: more threads would only wait for each other.
  const session = await Session.open(model, { threads: 1 });
  try {
    for (let step = 1; step <= steps; step++) {
      const results = await session.run({
        ...state,
        learningRate: scalar(learningRate),
        step: scalar(step),
      });
      state = Object.fromEntries(Object.keys(state).map((each) => [each, results[`next/${each}`]]));
      const [x, y] = [state["x"].data[0], state["y"].data[0]];
      points.push([x, y, at(x, y)]);
    }
  } finally {
    await session.close();
  }
  return points;
}

const scalar = (value: number): Tensor => ({ shape: [], data: Float32Array.of(value) });

/** One step of two scalar weights, x and y, as a model; `slots` names the optimizer's state. */
function landscapeStep(name: LandscapeName, config: OptimizerConfig) {
  const graph = new Graph();
  const weights = ["x", "y"].map((each) => ({ name: each, value: graph.input(each, []), isDecayed: false }));
  const [learningRate, step] = ["learningRate", "step"].map((each) => graph.input(each, []));
  const loss = LANDSCAPES[name].emit(weights[0].value, weights[1].value);
  const found = gradients(
    loss,
    weights.map(({ value }) => value),
  );
  const slots: string[] = [];
  weights.forEach((weight, i) => {
    const next = optimizerStep(config, weight, found[i], {
      learningRate,
      step,
      slot: (slot) => {
        slots.push(slot);
        return graph.input(slot, []);
      },
      update: (slot, value) => graph.output(`next/${slot}`, value),
    });
    graph.output(`next/${weight.name}`, next);
  });
  return { model: encodeGraph(graph), slots };
}
