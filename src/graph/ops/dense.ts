import { UsageError } from "../../core/errors.js";
import type { Value } from "../graph.js";

/**
 * The matrix product a b over the last two axes, each operand transposed first on request. Gradients: g b^T, a^T g.
 *
 * Without transposition it is a standard `MatMul`, otherwise a `FusedMatMul` (com.microsoft), which reads a matrix as
 * transposed where a `Transpose` node would copy it.
 * @param a [...batch, M, K], or [...batch, K, M] with `transA`
 * @param b [...batch, K, N], or [...batch, N, K] with `transB`
 * @returns [...batch, M, N]
 * @throws UsageError if inner sizes or batch axes differ
 */
export function matmul(a: Value, b: Value, options: { transA?: boolean; transB?: boolean } = {}): Value {
  const { transA = false, transB = false } = options;
  const [aRows, aColumns] = matrixShape(a, transA);
  const [bRows, bColumns] = matrixShape(b, transB);
  if (aColumns !== bRows)
    throw new UsageError({
      setting: "b",
      rule: `match the inner size of a [${a.shape.join(", ")}] in a matrix product`,
      got: `[${b.shape.join(", ")}]`,
    });
  if (a.shape.slice(0, -2).join() !== b.shape.slice(0, -2).join())
    throw new UsageError({
      setting: "b",
      rule: `match the leading axes of a [${a.shape.join(", ")}] in a matrix product`,
      got: `[${b.shape.join(", ")}]`,
    });
  const shape = [...a.shape.slice(0, -2), aRows, bColumns];
  const out =
    transA || transB
      ? a.graph.emit(
          "FusedMatMul",
          [a, b],
          { shape },
          { transA: transA ? 1 : 0, transB: transB ? 1 : 0, alpha: { float: 1 } },
          "com.microsoft",
        )
      : a.graph.emit("MatMul", [a, b], { shape });
  a.graph.record([a, b], [out], ([g]) => {
    if (g === null) return [null, null];
    // For C = A'B' (A' = A or its transpose): dA' = g B'^T and dB' = A'^T g, transposed back where A or B was.
    return [
      transA ? matmul(b, g, { transA: transB, transB: true }) : matmul(g, b, { transB: !transB }),
      transB ? matmul(g, a, { transA: true, transB: transA }) : matmul(a, g, { transA: !transA }),
    ];
  });
  return out;
}

function matrixShape({ shape }: Value, transposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2);
  return transposed ? [columns, rows] : [rows, columns];
}

/**
 * The linear map of a dense layer: x w^T + b. Gradients: g w, g^T x, and the sum of g over the batch.
 * @param x [N, inFeatures]
 * @param w [outFeatures, inFeatures], as in PyTorch
 * @param b [outFeatures]
 * @returns [N, outFeatures]
 * @throws UsageError if w does not fit x
 */
export function dense(x: Value, w: Value, b: Value): Value {
  if (x.shape.length !== 2 || w.shape.length !== 2 || x.shape[1] !== w.shape[1])
    throw new UsageError({
      setting: "w",
      rule: `fit x [${x.shape.join(", ")}] as the weights of a dense layer`,
      got: `[${w.shape.join(", ")}]`,
    });
  const out = x.graph.emit("Gemm", [x, w, b], { shape: [x.shape[0], w.shape[0]] }, { transB: 1 });
  x.graph.record([x, w, b], [out], ([g]) => {
    if (g === null) return [null, null, null];
    const bias = x.graph.emit("ReduceSum", [g, x.graph.integers([0])], { shape: b.shape }, { keepdims: 0 });
    return [matmul(g, w), matmul(g, x, { transA: true }), bias];
  });
  return out;
}
