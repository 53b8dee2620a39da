import type { Attributes } from "./attributes.js";
import { at, atBroadcast, broadcastShape, build, type Dense } from "./dense.js";

type Rule = (inputs: Dense[], attributes: Attributes) => Dense;

const swapLast = (shape: readonly number[]) => [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];

function transposed(x: Dense): Dense {
  return build(swapLast(x.shape), (index) => at(x, swapLast(index)));
}

/** sum over k of a[..., i, k] * b[..., k, j] */
function matmul(a: Dense, b: Dense): Dense {
  const [rows, inner] = a.shape.slice(-2);
  const [bInner, columns] = b.shape.slice(-2);
  if (inner !== bInner) throw new Error(`cannot multiply [${a.shape}] and [${b.shape}]`);
  const lead = broadcastShape([a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  return build([...lead, rows, columns], (index) => {
    const [batch, [row, column]] = [index.slice(0, -2), index.slice(-2)];
    let sum = 0;
    for (let k = 0; k < inner; k++)
      sum += atMatrix(a, [...batch, row, k]) * atMatrix(b, [...batch, k, column]);
    return sum;
  });
}

/** Like `atBroadcast`, but only the batch axes are broadcast. */
function atMatrix(x: Dense, index: readonly number[]): number {
  const lead = index.length - x.shape.length;
  const own = x.shape.map((dim, axis) => (dim === 1 && axis < x.shape.length - 2 ? 0 : index[lead + axis]));
  return at(x, own);
}

function fusedMatmul([a, b]: Dense[], attributes: Attributes): Dense {
  const { shape, data } = matmul(
    attributes.int("transA", 0) === 1 ? transposed(a) : a,
    attributes.int("transB", 0) === 1 ? transposed(b) : b,
  );
  const alpha = attributes.float("alpha", 1);
  return { shape, data: data.map((value) => alpha * value) };
}

/** alpha * A' B' + beta * C */
function gemm([a, b, c]: Dense[], attributes: Attributes): Dense {
  const product = matmul(
    attributes.int("transA", 0) === 1 ? transposed(a) : a,
    attributes.int("transB", 0) === 1 ? transposed(b) : b,
  );
  const [alpha, beta] = [attributes.float("alpha", 1), attributes.float("beta", 1)];
  return build(
    product.shape,
    (index) => alpha * at(product, index) + (c === undefined ? 0 : beta * atBroadcast(c, index)),
  );
}

export const PRODUCTS: Record<string, Rule> = {
  MatMul: ([a, b]) => matmul(a, b),
  "com.microsoft.FusedMatMul": fusedMatmul,
  Gemm: gemm,
};
