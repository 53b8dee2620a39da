import { reshape, type Value } from "../graph/index.js";

/**
 * ln(x), as the logarithm of sums of one element each. `Log` itself uses another routine for the last elements of each
 * thread's block, so that the number of threads would show in the last bits (with 3, 5, 6 or 7 threads). No gradient flows
 * through it.
 */
export function steadyLog(x: Value): Value {
  const column = reshape(x, [...x.shape, 1]);
  const axis = x.graph.integers([x.shape.length]);
  return x.graph.emit("ReduceLogSum", [column, axis], { shape: x.shape }, { keepdims: 0 });
}
