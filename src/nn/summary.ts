import { sizeOf } from "../core/tensor.js";
import { Graph } from "../graph/index.js";
import type { NetConfig } from "./architectures.js";
import { emitNet } from "./emit-net.js";
import { type LayerInfo, Net, type StateSpec } from "./net.js";

/** Batch norm needs two examples to train on; the numbers reported are per example. */
const BATCH = 2;

function emitted(config: NetConfig, inputShape: readonly number[], nLabels: number): Net {
  const net = new Net(new Graph());
  emitNet(net, config, net.graph.input("inputs", [BATCH, ...inputShape]), nLabels);
  return net;
}

/**
 * The layers of a net that trains, in the order of the forward pass.
 *
 * Same as: PyTorch 2.15 numel of all parameters, and torch.utils.flop_counter.FlopCounterMode of a forward pass, exactly;
 * test/nn/summary.test.ts
 *
 * @param inputShape shape of one example as the net reads it: [nFrames, nFeatures], or [nFeatures] for "linear"
 * @throws UsageError if the examples are too short for the net
 */
export function summarize(
  net: NetConfig,
  inputShape: readonly number[],
  nLabels: number,
): readonly LayerInfo[] {
  return emitted(net, inputShape, nLabels).layers;
}

/**
 * The tensors that make up a trained net: its parameters and batch norm's moving averages.
 * @param inputShape see `summarize`
 * @throws UsageError if the examples are too short for the net
 */
export function netTensors(
  net: NetConfig,
  inputShape: readonly number[],
  nLabels: number,
): readonly StateSpec[] {
  return emitted(net, inputShape, nLabels).tensors;
}

/**
 * Number of values in the largest output of a layer for one example, or in the example if that is larger.
 * @param inputShape see `summarize`
 * @throws UsageError if the examples are too short for the net
 */
export function largestOutput(net: NetConfig, inputShape: readonly number[], nLabels: number): number {
  const shapes = [inputShape, ...summarize(net, inputShape, nLabels).map(({ outputShape }) => outputShape)];
  return Math.max(...shapes.map(sizeOf));
}
