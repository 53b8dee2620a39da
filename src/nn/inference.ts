import type { Tensor } from "../core/tensor.js";
import {
  add,
  div,
  encodeGraph,
  exp,
  Graph,
  matmul,
  mul,
  reshape,
  sigmoid,
  sum,
  type Value,
} from "../graph/index.js";
import { emitNet, type NetOutput } from "./emit-net.js";
import { emitNormalization } from "./input-normalization.js";
import { Net } from "./net.js";
import type { TrainingStepConfig } from "./training-step.js";

/** The part of a training step's configuration that the trained model keeps. */
export interface InferenceConfig
  extends Pick<TrainingStepConfig, "net" | "task" | "nLabels" | "inputShape" | "normalization"> {
  /** The logits are divided by it. @default 1 */
  readonly temperature?: number | undefined;
  /** Adds the output `novelty`. @default none */
  readonly novelty?: NoveltyTerms | undefined;
}

/** What the novelty of a segment is computed from; see `NoveltyScore`. */
interface NoveltyTerms {
  /** [embedding size] */
  readonly direction: Tensor;
  readonly entropyWeight: number;
  readonly bias: number;
}

/**
 * Builds the trained net as an ONNX model: input `inputs` [batch, ...inputShape], unnormalized; output `probabilities`
 * [batch, nLabels], and `novelty` [batch] if it has one, which the temperature does not change. Any batch size works; an example's result does not depend on its batch.
 * @param weights parameters and moving averages by name
 * @param metadata strings stored with the model, by key
 */
export function buildInferenceModel(
  config: InferenceConfig,
  weights: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const { task, temperature = 1, novelty } = config;
  const output = emitTrained(config, weights);
  const { logits } = output;
  const { graph } = logits;
  const scaled = temperature === 1 ? logits : div(logits, temperature);
  const probabilities =
    task === "multi-label"
      ? sigmoid(scaled)
      : graph.emit("Softmax", [scaled], { shape: scaled.shape }, { axis: -1 });
  graph.output("probabilities", probabilities);
  if (novelty !== undefined) graph.output("novelty", emitNovelty(output, novelty));
  return encodeGraph(graph, metadata);
}

/** Name of the tensor in the graph and in a model's file. */
export const NOVELTY_DIRECTION = "novelty.direction";

/** [N] */
function emitNovelty(
  { logits, embedding }: NetOutput,
  { direction, entropyWeight, bias }: NoveltyTerms,
): Value {
  const { graph } = logits;
  const [batch, size] = embedding.shape;
  const column = reshape(graph.weight(NOVELTY_DIRECTION, direction), [size, 1]);
  const leaning = reshape(matmul(embedding, column), [batch]);
  if (entropyWeight === 0) return add(leaning, bias);
  const logProbabilities = graph.emit("LogSoftmax", [logits], { shape: logits.shape }, { axis: -1 });
  const entropy = reshape(sum(mul(exp(logProbabilities), logProbabilities), [1]), [batch]);
  return add(add(mul(entropy, -entropyWeight), leaning), bias);
}

/**
 * Builds the trained net as an ONNX model with the outputs `logits` [batch, nLabels], not divided by the temperature, and
 * `embedding` [batch, embedding size] in place of the probabilities.
 */
export function buildLogitsModel(config: InferenceConfig, weights: ReadonlyMap<string, Tensor>): Uint8Array {
  const { logits, embedding } = emitTrained(config, weights);
  logits.graph.output("logits", logits);
  logits.graph.output("embedding", embedding);
  return encodeGraph(logits.graph);
}

/** Emits the net into a graph of its own. */
function emitTrained(config: InferenceConfig, weights: ReadonlyMap<string, Tensor>): NetOutput {
  const graph = new Graph({ batch: "free" });
  const inputs = graph.input("inputs", [1, ...config.inputShape]);
  const normalized = emitNormalization(inputs, config.normalization);
  return emitNet(new Net(graph, weights), config.net, normalized, config.nLabels);
}
