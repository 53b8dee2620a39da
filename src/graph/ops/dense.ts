import { UsageError } from "../../core/errors.js";
import type { Value } from "../graph.js";

/**
 * Product of matrices in the last two axes, either transposed first; leading axes are a common batch.
 *
 * A standard MatMul where nothing is transposed. `FusedMatMul` (com.microsoft) otherwise: it hands the transposition
 * to the matrix product, where a Transpose node would copy.
 */
export function matmul(a: Value, b: Value, options: { transA?: boolean; transB?: boolean } = {}): Value {
  const { transA = false, transB = false } = options;
  const [aRows, aColumns] = matrixShape(a, transA);
  const [bRows, bColumns] = matrixShape(b, transB);
  if (aColumns !== bRows)
    throw new UsageError({
      setting: "b",
      rule: `have the inner size of a [${a.shape.join(", ")}] for a matrix product`,
      got: `[${b.shape.join(", ")}]`,
    });
  if (a.shape.slice(0, -2).join() !== b.shape.slice(0, -2).join())
    throw new UsageError({
      setting: "b",
      rule: `have the leading axes of a [${a.shape.join(", ")}] for a matrix product`,
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
 * A dense layer's linear map x w^T + b.
 * @param x [N, inFeatures]
 * @param w [outFeatures, inFeatures], as PyTorch keeps it
 * @param b [outFeatures]
 * @returns [N, outFeatures]
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
