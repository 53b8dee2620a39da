import { Graph } from "../graph/index.js";
import type { NetConfig } from "./architectures.js";
import { emitNet } from "./emit-net.js";
import { type LayerInfo, Net } from "./net.js";

/** Batch norm needs two examples to train on; what is told is of one. */
const BATCH = 2;

/**
 * The layers of a net that trains, in the order of the forward pass.
 *
 * Same as: PyTorch 2.15 numel of all parameters, and torch.utils.flop_counter.FlopCounterMode of a forward pass, exactly;
 * test/nn/summary.test.ts
 *
 * @param inputShape of one example as the net reads it: [nFrames, nFeatures], or [nFeatures] for "linear"
 * @throws UsageError if the examples are too short for the net
 */
export function summarize(
  net: NetConfig,
  inputShape: readonly number[],
  nLabels: number,
): readonly LayerInfo[] {
  const emitted = new Net(new Graph());
  emitNet(emitted, net, emitted.graph.input("inputs", [BATCH, ...inputShape]), nLabels);
  return emitted.layers;
}
