import { sizeOf } from "../core/tensor.js";
import { add, div, matmul, maximum, mul, reshape, sqrt, sum, type Value } from "../graph/index.js";

/** The smallest normal float32: a scale that 0 can be divided by. */
const SMALLEST = 2 ** -126;

/**
 * The L2 norm of all elements of all tensors, sqrt(sum(x^2)); scalar, no gradient.
 *
 *   norm = scale * sqrt(sum((x / scale)^2)), scale = the largest tensor's sum(|x|)
 *
 * With n elements in m tensors the scaled squares sum to between 1 / n and m, so neither large nor small elements are
 * lost: plain squares leave float32's range at 1e19 and 1e-19. Any scale of that size works; this one takes ONNX
 * Runtime one pass, the largest |x| would take two. The norm is not finite if an element is not.
 * @param values at least one
 */
export function globalNorm(values: readonly Value[]): Value {
  const { graph } = values[0];
  const sizes = values.map((x) => graph.emit("ReduceL1", [x], { shape: [] }, { keepdims: 0 }));
  const scale = maximum(graph.emit("Max", sizes, { shape: [] }), SMALLEST);
  const squares = values.map((x) => sumSquare(div(x, scale)));
  return mul(scale, sqrt(squares.reduce(add)));
}

/** Sum of x^2 over all elements, scalar. It is summed row by row: in parallel, and rounding less than one long sum. */
function sumSquare(x: Value): Value {
  const count = x.shape.length > 1 ? x.shape[0] : 1;
  const rows = reshape(x, [count, 1, sizeOf(x.shape) / count]);
  return sum(matmul(rows, rows, { transB: true })); // [count, 1, 1] to []
}

/**
 * Scales gradients down, all by the same factor, if their norm as one vector is above `maxNorm`.
 *
 *   g * min(maxNorm / (globalNorm(gradients) + 1e-6), 1)
 *
 * @param gradients at least one
 * @param maxNorm above 0
 * Same as: PyTorch 2.15 torch.nn.utils.clip_grad_norm_(parameters, maxNorm) within 1e-6; test/nn/gradient-clipping.test.ts
 * Reference: Pascanu, Mikolov and Bengio, 2013, https://arxiv.org/abs/1211.5063
 */
export function clipByNorm(gradients: readonly Value[], maxNorm: number): Value[] {
  const factor = div(maxNorm, maximum(add(globalNorm(gradients), 1e-6), maxNorm));
  return gradients.map((gradient) => mul(gradient, factor));
}
