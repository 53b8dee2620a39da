/**
 * The package entry `timbrel/graph`, which builds computations as ONNX graphs and differentiates them. README.md in
 * this folder has an example.
 * @module timbrel/graph
 */

// The graph and its values; `Graph.emit` and `Graph.record` are what an operation of your own needs.

export type { Tensor } from "../core/tensor.js";
export {
  type Attribute,
  type Backward,
  type DataType,
  Graph,
  type Initializer,
  type Node,
  type OutputSpec,
  type TapeEntry,
  type Value,
} from "./graph.js";

// The backward pass.

export { gradients } from "./differentiate.js";

// Writing a graph as an ONNX model, and reading such models.

export { decodeMetadata, decodeWeights } from "./decode.js";
export { encodeGraph } from "./encode.js";

// Elementwise operations: arithmetic, functions, activations, selection. Shapes broadcast.

export {
  abs,
  add,
  compare,
  div,
  dropout,
  elu,
  exp,
  gelu,
  isPositive,
  leakyRelu,
  log,
  maximum,
  mul,
  neg,
  type Operand,
  relu,
  sigmoid,
  silu,
  sqrt,
  sub,
  tanh,
  where,
} from "./ops/elementwise.js";

// Sums and changes of shape.

export { expand, flip, pad, reshape, sum, transpose } from "./ops/shape.js";

// Layers: products, convolution, pools, batch norm.

export { type BatchNormalized, batchNorm, batchNormMaxPool } from "./ops/batch-norm.js";
export { type ConvOptions, conv } from "./ops/conv.js";
export { dense, matmul } from "./ops/dense.js";
export { depthwiseConv } from "./ops/depthwise-conv.js";
export { averagePool, globalAveragePool, globalMaxPool, maxPool } from "./ops/pool.js";

// Losses.

export { maskedSigmoidCrossEntropy, sigmoidCrossEntropy, softmaxCrossEntropy } from "./ops/loss.js";
