export { decodeMetadata, decodeWeights } from "./decode.js";
export { gradients } from "./differentiate.js";
export { encodeGraph } from "./encode.js";
export { type DataType, Graph, isConstantName, type Value } from "./graph.js";
export { type BatchNormalized, batchNorm, batchNormMaxPool } from "./ops/batch-norm.js";
export { type ConvOptions, conv } from "./ops/conv.js";
export { dense, matmul } from "./ops/dense.js";
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
  relu,
  sigmoid,
  silu,
  sqrt,
  sub,
  tanh,
  where,
} from "./ops/elementwise.js";
export { sigmoidCrossEntropy, softmaxCrossEntropy } from "./ops/loss.js";
export { averagePool, globalAveragePool, globalMaxPool, maxPool } from "./ops/pool.js";
export { expand, flip, pad, reshape, sum, transpose } from "./ops/shape.js";
