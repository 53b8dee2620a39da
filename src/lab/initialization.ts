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

/** Those whose law is about fans; `small` and `zeros` know none. */
const INITS: readonly InitializerName[] = [
  "glorot-uniform",
  "glorot-normal",
  "he-uniform",
  "he-normal",
  "lecun-uniform",
  "lecun-normal",
];

/** Nets whose weights are drawn: together they have 2-D and 1-D kernels and dense weights, whatever the number of bands. */
const KINDS = ["short-chunk", "gct634-1d", "mlp"] as const;

/** Numbers drawn of each law and shape, at least: the variance of so many normal ones is right to sqrt(2 / 1e5) = 0.4 %. */
const MIN_NUMBERS = 100_000;

/** Initialization: the variance laws, measured. It trains nothing and takes no time to speak of. */
export const initializationSection: LabSection<InitializationResult> = {
  budget: () => 0,
  run: initialization,
};

/**
 * The variance of first weights, by law and as measured over draws, for shapes that the nets have on the user's data.
 * Of He's law the one in front of ReLU.
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

/** Of the hidden layers of the nets, each shape once. */
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

/** The mean square of so many weights, in float64, around the mean of 0 that the laws have. */
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
