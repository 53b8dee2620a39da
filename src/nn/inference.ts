import type { Tensor } from "../core/tensor.js";
import { encodeGraph, Graph, sigmoid } from "../graph/index.js";
import { emitNet } from "./emit-net.js";
import { emitNormalization } from "./input-normalization.js";
import { Net } from "./net.js";
import type { TrainingStepConfig } from "./training-step.js";

/** The part of a training step's configuration that the trained model keeps. */
export type InferenceConfig = Pick<
  TrainingStepConfig,
  "net" | "task" | "nLabels" | "inputShape" | "normalization"
>;

/**
 * Builds the trained net as an ONNX model: input `inputs` [batch, ...inputShape], unnormalized; output `probabilities`
 * [batch, nLabels]. Any batch size works; an example's result does not depend on its batch.
 * @param weights parameters and moving averages by name
 * @param metadata strings stored with the model, by key
 */
export function buildInferenceModel(
  config: InferenceConfig,
  weights: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const graph = new Graph({ batch: "free" });
  const inputs = graph.input("inputs", [1, ...config.inputShape]);
  const normalized = emitNormalization(inputs, config.normalization);
  const { logits } = emitNet(new Net(graph, weights), config.net, normalized, config.nLabels);
  const probabilities =
    config.task === "multi-label"
      ? sigmoid(logits)
      : graph.emit("Softmax", [logits], { shape: logits.shape }, { axis: -1 });
  graph.output("probabilities", probabilities);
  return encodeGraph(graph, metadata);
}
