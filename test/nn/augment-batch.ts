import { Random } from "../../src/core/random.js";
import type { Tensor } from "../../src/core/tensor.js";
import { encodeGraph, Graph } from "../../src/graph/index.js";
import { type Augmentation, emitAugmentation } from "../../src/nn/augmentation.js";
import { Net } from "../../src/nn/net.js";
import { ENGINE } from "../engine.js";

/** An augmented batch and the random inputs that made it, by name. */
export interface Augmented {
  x: Tensor;
  targets: Tensor;
  /** Which targets are known; undefined if the batch does not say. */
  known: Tensor | undefined;
  drawn: Record<string, Tensor>;
}

/** Augments a batch as a training step does, `times` times with different draws. */
export async function augmentBatch(
  config: Augmentation,
  batch: { x: Tensor; targets: Tensor; known?: Tensor },
  options: { seed?: number; times?: number } = {},
): Promise<Augmented[]> {
  const graph = new Graph();
  const net = new Net(graph);
  const inputs = {
    x: graph.input("x", batch.x.shape),
    targets: graph.input("targets", batch.targets.shape),
    known: batch.known && graph.input("known", batch.known.shape),
  };
  const changed = emitAugmentation(net, config, inputs);
  graph.output("next/x", changed.x);
  graph.output("next/targets", changed.targets);
  if (changed.known !== undefined) graph.output("next/known", changed.known);
  const session = await ENGINE.open(encodeGraph(graph));
  const random = new Random(options.seed ?? 1);
  const all: Augmented[] = [];
  for (let i = 0; i < (options.times ?? 1); i++) {
    const drawn = Object.fromEntries(
      net.randomInputs.map(({ name, shape, draw }) => [
        name,
        { shape, data: draw(random.fork(`${i} ${name}`)) },
      ]),
    );
    const results = await session.run({ ...batch, ...drawn });
    all.push({ x: results["next/x"], targets: results["next/targets"], known: results["next/known"], drawn });
  }
  await session.close();
  return all;
}
