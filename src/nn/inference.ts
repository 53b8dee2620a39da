import type { Tensor } from "../core/tensor.js";
import {
  dense,
  div,
  encodeGraph,
  Graph,
  globalMaxPool,
  reshape,
  sigmoid,
  sub,
  type Value,
} from "../graph/index.js";
import { emitNet, type NetOutput } from "./emit-net.js";
import { emitNormalization } from "./input-normalization.js";
import { Net } from "./net.js";
import { emitSegmentWeight, type SegmentWeightTerms } from "./segment-weight.js";
import type { TrainingStepConfig } from "./training-step.js";

/** The part of a training step's configuration that the trained model keeps. */
export interface InferenceConfig
  extends Pick<TrainingStepConfig, "net" | "task" | "nLabels" | "inputShape" | "normalization"> {
  /** The logits are divided by it. @default 1 */
  readonly temperature?: number | undefined;
  /** Adds the output `novelty`. @default none */
  readonly novelty?: NoveltyTerms | undefined;
  /** Adds the output `weight`. @default none: all segments weigh the same */
  readonly weight?: SegmentWeightTerms | undefined;
}

/** Linear functions of the embedding, one for each kind of sound. */
export interface LinearFunctions {
  /** [nKinds, embedding size] */
  readonly weight: Tensor;
  /** [nKinds] */
  readonly bias: Tensor;
}

/** What the novelty of a segment is computed from; see `NoveltyScore`. */
export interface NoveltyTerms {
  readonly known: LinearFunctions;
  readonly classless: LinearFunctions;
}

/**
 * Builds the trained net as an ONNX model: input `inputs` [batch, ...inputShape], unnormalized; output `probabilities`
 * [batch, nLabels], and `novelty` [batch] and `weight` [batch] if it has them, which the temperature does not change. Any
 * batch size works; an example's result does not depend on its batch.
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
  emitPrediction(inputs, config, weights, (name, value) => graph.output(name, value));
  return encodeGraph(graph, metadata);
}

/**
 * Emits the trained net's outputs, see `buildInferenceModel`.
 * @param inputs [batch, ...inputShape] in a graph whose batch is free
 * @param onOutput called with each as soon as it is emitted: the order of a graph's nodes is part of its bytes
 */
export function emitPrediction(
  inputs: Value,
  config: InferenceConfig,
  weights: ReadonlyMap<string, Tensor>,
  onOutput: (name: "probabilities" | "novelty" | "weight", value: Value) => void,
): void {
  const { task, temperature = 1, novelty, weight } = config;
  const { graph } = inputs;
  const output = emitTrained(inputs, config, weights);
  const { logits } = output;
  const scaled = temperature === 1 ? logits : div(logits, temperature);
  const probabilities =
    task === "multi-label"
      ? sigmoid(scaled)
      : graph.emit("Softmax", [scaled], { shape: scaled.shape }, { axis: -1 });
  onOutput("probabilities", probabilities);
  if (novelty !== undefined) onOutput("novelty", emitNovelty(output, novelty));
  if (weight !== undefined) onOutput("weight", emitSegmentWeight(inputs, weight));
}

/** [N] */
function emitNovelty({ embedding }: NetOutput, terms: NoveltyTerms): Value {
  const { graph } = embedding;
  const [batch] = embedding.shape;
  const greatest = (kind: "known" | "classless"): Value => {
    const [weight, bias] = (["weight", "bias"] as const).map((part) =>
      graph.weight(`novelty.${kind}.${part}`, terms[kind][part]),
    );
    const values = dense(embedding, weight, bias);
    return reshape(globalMaxPool(reshape(values, [batch, 1, values.shape[1]])), [batch]);
  };
  return sub(greatest("classless"), greatest("known"));
}

/**
 * Builds the trained net as an ONNX model with the outputs `logits` [batch, nLabels], not divided by the temperature, and
 * `embedding` [batch, embedding size] in place of the probabilities, and `weight` [batch] if it has one.
 */
export function buildLogitsModel(config: InferenceConfig, weights: ReadonlyMap<string, Tensor>): Uint8Array {
  const { inputs, output } = trainedGraph(config, weights);
  const { logits, embedding } = output;
  logits.graph.output("logits", logits);
  logits.graph.output("embedding", embedding);
  if (config.weight !== undefined) logits.graph.output("weight", emitSegmentWeight(inputs, config.weight));
  return encodeGraph(logits.graph);
}

/**
 * Builds the trained net without its last layer as an ONNX model with the output `embedding` [batch, embedding size], and
 * `weight` [batch] if it has one. Nets that differ in their last layer alone give the same bytes.
 */
export function buildEmbeddingModel(
  config: InferenceConfig,
  weights: ReadonlyMap<string, Tensor>,
): Uint8Array {
  const { inputs, output } = trainedGraph(config, weights);
  const { embedding } = output;
  embedding.graph.output("embedding", embedding);
  if (config.weight !== undefined) embedding.graph.output("weight", emitSegmentWeight(inputs, config.weight));
  return encodeGraph(embedding.graph);
}

/** The net in a graph of its own. */
function trainedGraph(
  config: InferenceConfig,
  weights: ReadonlyMap<string, Tensor>,
): { inputs: Value; output: NetOutput } {
  const inputs = new Graph({ batch: "free" }).input("inputs", [1, ...config.inputShape]);
  return { inputs, output: emitTrained(inputs, config, weights) };
}

function emitTrained(
  inputs: Value,
  config: InferenceConfig,
  weights: ReadonlyMap<string, Tensor>,
): NetOutput {
  const normalized = emitNormalization(inputs, config.normalization);
  return emitNet(new Net(inputs.graph, weights), config.net, normalized, config.nLabels);
}
