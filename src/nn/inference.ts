import type { Tensor } from "../core/tensor.js";
import { div, encodeGraph, Graph, sigmoid, type Value } from "../graph/index.js";
import { emitNet } from "./emit-net.js";
import { emitNormalization } from "./input-normalization.js";
import { Net } from "./net.js";
import type { TrainingStepConfig } from "./training-step.js";

/** The part of a training step's configuration that the trained model keeps. */
export interface InferenceConfig
  extends Pick<TrainingStepConfig, "net" | "task" | "nLabels" | "inputShape" | "normalization"> {
  /** The logits are divided by it. @default 1 */
  readonly temperature?: number | undefined;
}

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
  const { task, temperature = 1 } = config;
  const logits = emitLogits(config, weights);
  const { graph } = logits;
  const scaled = temperature === 1 ? logits : div(logits, temperature);
  const probabilities =
    task === "multi-label"
      ? sigmoid(scaled)
      : graph.emit("Softmax", [scaled], { shape: scaled.shape }, { axis: -1 });
  graph.output("probabilities", probabilities);
  return encodeGraph(graph, metadata);
}

/**
 * Builds the trained net as an ONNX model with the output `logits` [batch, nLabels] in place of the probabilities; they are
 * not divided by the temperature.
 */
export function buildLogitsModel(config: InferenceConfig, weights: ReadonlyMap<string, Tensor>): Uint8Array {
  const logits = emitLogits(config, weights);
  logits.graph.output("logits", logits);
  return encodeGraph(logits.graph);
}

/** Emits the net into a graph of its own. */
function emitLogits(config: InferenceConfig, weights: ReadonlyMap<string, Tensor>): Value {
  const graph = new Graph({ batch: "free" });
  const inputs = graph.input("inputs", [1, ...config.inputShape]);
  const normalized = emitNormalization(inputs, config.normalization);
  return emitNet(new Net(graph, weights), config.net, normalized, config.nLabels).logits;
}
