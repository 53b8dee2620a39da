import { Random } from "../core/random.js";
import { sizeOf } from "../core/tensor.js";
import { Graph } from "../graph/index.js";
import { NETS } from "../nn/architectures.js";
import { emitNet } from "../nn/emit-net.js";
import { fans, type InitializerName, initializerOf, initialVariance } from "../nn/initializers.js";
import { Net } from "../nn/net.js";
import { SEGMENT_FRAMES } from "../training/config.js";
import type { LabBench, LabSection } from "./bench.js";
import type { InitializationResult, VarianceDraw } from "./results.js";

/** The initializers whose variance depends on the fans, which leaves out `small` and `zeros`. */
const INITS: readonly InitializerName[] = [
  "glorot-uniform",
  "glorot-normal",
  "he-uniform",
  "he-normal",
  "lecun-uniform",
  "lecun-normal",
];

/** Nets whose weights are drawn. Together they have 2-D and 1-D kernels and dense weights, for any number of bands. */
const KINDS = ["short-chunk", "gct634-1d", "mlp"] as const;

/** Fewest numbers drawn per initializer and shape. With normal ones the variance is right to sqrt(2 / 1e5) = 0.4 %. */
const MIN_NUMBERS = 100_000;

/** Initialization: the initializers' variance formulas, measured. It trains nothing and takes hardly any time. */
export const initializationSection: LabSection<InitializationResult> = {
  budget: () => 0,
  run: initialization,
};

/**
 * Compares the variance of initial weights by formula with the variance measured over draws, for the weight shapes that
 * the nets have on the user's data. He's formula is the one for weights followed by ReLU.
 */
export async function initialization(bench: LabBench): Promise<InitializationResult> {
  const random = new Random(bench.seed).fork("initialization");
  const draws: VarianceDraw[] = [];
  for (const shape of weightShapes(bench))
    for (const init of INITS) {
      const variance = initialVariance(init, "relu", shape);
      const measured = measure(init, shape, random.fork(`${init} ${shape.join("x")}`));
      draws.push({ init, shape, ...fans(shape), variance, ...measured });
    }
  return { draws };
}

/** The weight shapes of the nets' hidden layers, each once. */
function weightShapes({ sets, labels }: LabBench): readonly (readonly number[])[] {
  const shapes = new Map<string, readonly number[]>();
  for (const kind of KINDS) {
    const net = new Net(new Graph());
    const input = net.graph.input("inputs", [1, SEGMENT_FRAMES[kind], sets.train.nMels]);
    emitNet(net, NETS[kind], input, labels.length);
    for (const { activation, weight } of net.watched)
      if (activation !== null) shapes.set(weight.value.shape.join(), weight.value.shape);
  }
  return [...shapes.values()];
}

/** Measures the weights' variance as their mean square in float64, since their mean is 0 by design. */
function measure(
  init: InitializerName,
  shape: readonly number[],
  random: Random,
): Pick<VarianceDraw, "count" | "measured"> {
  const nDraws = Math.ceil(MIN_NUMBERS / sizeOf(shape));
  const draw = initializerOf(init, "relu");
  let sum = 0;
  for (let i = 0; i < nDraws; i++) for (const value of draw(shape, random)) sum += value * value;
  const count = nDraws * sizeOf(shape);
  return { count, measured: sum / count };
}
