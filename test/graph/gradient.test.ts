import { describe } from "vitest";
import {
  abs,
  add,
  averagePool,
  batchNorm,
  batchNormMaxPool,
  conv,
  dense,
  depthwiseConv,
  div,
  dropout,
  elu,
  exp,
  expand,
  gelu,
  globalAveragePool,
  globalMaxPool,
  leakyRelu,
  log,
  maskedSigmoidCrossEntropy,
  matmul,
  maxPool,
  mul,
  neg,
  relu,
  reshape,
  sigmoid,
  sigmoidCrossEntropy,
  silu,
  softmaxCrossEntropy,
  sqrt,
  sub,
  sum,
  tanh,
  transpose,
} from "../../src/graph/index.js";
import { checkOp } from "./check-op.js";
import { distributions, noise, positive, zerosAndOnes } from "./draw.js";

const EPSILON = 1e-3;

describe("elementwise", () => {
  checkOp("neg", { x: [2, 3] }, ({ x }) => neg(x));
  checkOp("exp", { x: [2, 3] }, ({ x }) => exp(x));
  checkOp("log", { x: positive(2, 3) }, ({ x }) => log(x));
  checkOp("sqrt", { x: positive(2, 3) }, ({ x }) => sqrt(x));
  checkOp("abs", { x: [3, 5] }, ({ x }) => abs(x));
  checkOp("sigmoid", { x: [3, 5] }, ({ x }) => sigmoid(x));
  checkOp("tanh", { x: [3, 5] }, ({ x }) => tanh(x));
  checkOp("relu", { x: [3, 5] }, ({ x }) => relu(x));
  checkOp("leakyRelu", { x: [3, 5] }, ({ x }) => leakyRelu(x));
  checkOp("leakyRelu with slope 0.3", { x: [3, 5] }, ({ x }) => leakyRelu(x, 0.3));
  checkOp("leakyRelu with slope 1.5", { x: [3, 5] }, ({ x }) => leakyRelu(x, 1.5));
  checkOp("elu", { x: [3, 5] }, ({ x }) => elu(x));
  checkOp("elu with alpha 0.4", { x: [3, 5] }, ({ x }) => elu(x, 0.4));
  checkOp("gelu", { x: [3, 5] }, ({ x }) => gelu(mul(x, 2)));
  checkOp("silu", { x: [3, 5] }, ({ x }) => silu(mul(x, 2)));
  checkOp("dropout", { x: [4, 6], u: noise(4, 6) }, ({ x, u }) => dropout(x, u, 0.3));
  checkOp("dropout with flat noise", { x: [2, 3, 4], u: noise(24) }, ({ x, u }) =>
    dropout(x, reshape(u, [2, 12]), 0.5),
  );
  checkOp("dropout with rate 0", { x: [2, 3], u: noise(2, 3) }, ({ x, u }) => dropout(x, u, 0));
});

describe.each<[string, number[], number[]]>([
  ["equal shapes", [2, 3], [2, 3]],
  ["a row", [2, 3], [3]],
  ["a column", [2, 3], [2, 1]],
  ["an outer product", [2, 1], [1, 3]],
  ["a scalar", [2, 3], []],
  ["a scalar on the left", [], [2, 3]],
  ["a higher rank on the right", [3, 1], [2, 3, 4]],
  ["axes of size 1 on both", [1, 3, 1], [2, 1, 1]],
])("binary with %s", (_, a, b) => {
  checkOp("add", { a, b }, ({ a, b }) => add(a, b));
  checkOp("sub", { a, b }, ({ a, b }) => sub(a, b));
  checkOp("mul", { a, b }, ({ a, b }) => mul(a, b));
  checkOp("div", { a, b: positive(...b) }, ({ a, b }) => div(a, b));
});

describe("a number as an operand", () => {
  checkOp("1 + x", { x: [2, 3] }, ({ x }) => add(1, x));
  checkOp("1 - x", { x: [2, 3] }, ({ x }) => sub(1, x));
  checkOp("x * 3", { x: [2, 3] }, ({ x }) => mul(x, 3));
  checkOp("1 / x", { x: positive(2, 3) }, ({ x }) => div(1, x));
});

describe("layout", () => {
  checkOp("reshape", { x: [2, 3, 4] }, ({ x }) => reshape(x, [2, 12]));
  checkOp("reshape that changes the first axis", { x: [2, 3, 4] }, ({ x }) => reshape(x, [6, 4]));
  checkOp("reshape to a scalar", { x: [1, 1] }, ({ x }) => reshape(x, []));
  checkOp("reshape from a scalar", { x: [] }, ({ x }) => reshape(x, [1, 1]));
  checkOp("transpose", { x: [2, 3] }, ({ x }) => transpose(x, [1, 0]));
  checkOp("transpose of four axes", { x: [2, 3, 4, 5] }, ({ x }) => transpose(x, [1, 2, 3, 0]));
  checkOp("sum", { x: [2, 3, 4] }, ({ x }) => sum(x));
  checkOp("sum of a scalar", { x: [] }, ({ x }) => sum(x));
  checkOp("sum over no axis", { x: [2, 3] }, ({ x }) => sum(x, []));
  checkOp("sum over the first axis", { x: [2, 3, 4] }, ({ x }) => sum(x, [0]));
  checkOp("sum over the outer axes", { x: [2, 3, 4] }, ({ x }) => sum(x, [0, 2]));
  checkOp("sum that keeps axes", { x: [2, 3, 4] }, ({ x }) => sum(x, [1, 2], true));
  checkOp("expand", { x: [2, 1, 3] }, ({ x }) => expand(x, [2, 4, 3]));
  checkOp("expand to a higher rank", { x: [3] }, ({ x }) => expand(x, [2, 4, 3]));
});

describe("dense and matmul", () => {
  checkOp("dense", { x: [4, 3], w: [5, 3], b: [5] }, ({ x, w, b }) => dense(x, w, b));
  checkOp("dense of one example", { x: [1, 3], w: [2, 3], b: [2] }, ({ x, w, b }) => dense(x, w, b));
  checkOp("A B", { a: [2, 3], b: [3, 4] }, ({ a, b }) => matmul(a, b));
  checkOp("A^T B", { a: [3, 2], b: [3, 4] }, ({ a, b }) => matmul(a, b, { transA: true }));
  checkOp("A B^T", { a: [2, 3], b: [4, 3] }, ({ a, b }) => matmul(a, b, { transB: true }));
  checkOp("A^T B^T", { a: [3, 2], b: [4, 3] }, ({ a, b }) => matmul(a, b, { transA: true, transB: true }));
  checkOp("A B in batches", { a: [3, 2, 2, 3], b: [3, 2, 3, 4] }, ({ a, b }) => matmul(a, b));
  checkOp("A^T B in batches", { a: [5, 3, 2], b: [5, 3, 4] }, ({ a, b }) => matmul(a, b, { transA: true }));
  checkOp("A B^T in batches", { a: [5, 2, 3], b: [5, 4, 3] }, ({ a, b }) => matmul(a, b, { transB: true }));
  checkOp("A^T B^T in batches", { a: [5, 3, 2], b: [5, 4, 3] }, ({ a, b }) =>
    matmul(a, b, { transA: true, transB: true }),
  );
});

describe("conv1d", () => {
  for (const kernel of [1, 2, 3])
    for (const stride of [1, 2, 3])
      for (const padding of [0, 1, 2])
        for (const size of [6, 7])
          checkOp(
            `kernel ${kernel}, stride ${stride}, padding ${padding}, size ${size}`,
            { x: [2, 2, size], w: [3, 2, kernel] },
            ({ x, w }) => conv(x, w, { stride, padding }),
          );
});

describe("conv2d", () => {
  for (const [kernelHeight, kernelWidth] of [
    [1, 1],
    [1, 3],
    [2, 1],
    [3, 3],
    [3, 2],
  ])
    for (const stride of [1, 2])
      for (const padding of [0, 1])
        checkOp(
          `kernel ${kernelHeight} x ${kernelWidth}, stride ${stride}, padding ${padding}`,
          { x: [2, 2, 5, 4], w: [3, 2, kernelHeight, kernelWidth] },
          ({ x, w }) => conv(x, w, { stride, padding }),
        );
  checkOp("one channel in, one out", { x: [1, 1, 4, 5], w: [1, 1, 3, 3] }, ({ x, w }) =>
    conv(x, w, { padding: 1 }),
  );
  checkOp("a kernel as large as its input", { x: [2, 3, 3, 2], w: [4, 3, 3, 2] }, ({ x, w }) => conv(x, w));
  checkOp("rows and columns that stride 3 leaves unread", { x: [1, 2, 6, 8], w: [2, 2, 1, 3] }, ({ x, w }) =>
    conv(x, w, { stride: 3 }),
  );
});

describe("depthwiseConv", () => {
  for (const [kernel, padding] of [
    [[3], 1],
    [[2], 0],
    [[3, 3], 1],
    [[1, 3], 0],
    [[3, 2], 1],
  ] as const)
    checkOp(
      `kernel ${kernel.join(" x ")}, padding ${padding}`,
      { x: [2, 3, ...[5, 4].slice(0, kernel.length)], w: [3, 1, ...kernel] },
      ({ x, w }) => depthwiseConv(x, w, { padding }),
    );
});

describe("batchNorm", () => {
  for (const shape of [
    [6, 3],
    [3, 2, 5],
    [2, 3, 4, 3],
    [1, 2, 3, 3],
  ]) {
    const inputs = { x: shape, scale: [shape[1]], shift: [shape[1]] };
    checkOp(
      `[${shape.join(", ")}]`,
      inputs,
      ({ x, scale, shift }) => batchNorm(x, scale, shift, EPSILON).out,
    );
  }
  checkOp(
    "with a large epsilon",
    { x: [4, 2], scale: [2], shift: [2] },
    ({ x, scale, shift }) => batchNorm(x, scale, shift, 0.7).out,
  );
});

describe("batchNormMaxPool", () => {
  const cases: [number[], number[]][] = [
    [[3, 2, 6], [2]],
    [[2, 2, 7], [3]],
    [
      [2, 2, 4, 6],
      [2, 2],
    ],
    [
      [2, 2, 5, 7],
      [2, 3],
    ],
    [
      [2, 2, 3, 4],
      [1, 4],
    ],
  ];
  for (const [shape, size] of cases)
    checkOp(
      `[${shape.join(", ")}] by [${size.join(", ")}]`,
      { x: shape, scale: positive(2), shift: [2] },
      ({ x, scale, shift }) => batchNormMaxPool(x, scale, shift, { epsilon: EPSILON, size }).out,
    );
});

describe("pools", () => {
  checkOp("maxPool 1-D", { x: [2, 3, 8] }, ({ x }) => maxPool(x, [2]));
  checkOp("maxPool 1-D with a remainder", { x: [2, 3, 8] }, ({ x }) => maxPool(x, [3]));
  checkOp("maxPool 2-D", { x: [2, 2, 4, 6] }, ({ x }) => maxPool(x, [2, 2]));
  checkOp("maxPool 2-D with remainders", { x: [2, 2, 5, 8] }, ({ x }) => maxPool(x, [2, 3]));
  checkOp("maxPool within rows", { x: [2, 2, 3, 4] }, ({ x }) => maxPool(x, [1, 4]));
  checkOp("averagePool 1-D with a remainder", { x: [2, 3, 8] }, ({ x }) => averagePool(x, [3]));
  checkOp("averagePool 2-D", { x: [2, 2, 4, 6] }, ({ x }) => averagePool(x, [2, 2]));
  checkOp("averagePool 2-D with remainders", { x: [2, 2, 5, 8] }, ({ x }) => averagePool(x, [2, 3]));
  checkOp("globalMaxPool 1-D", { x: [2, 3, 5] }, ({ x }) => globalMaxPool(x));
  checkOp("globalMaxPool 2-D", { x: [2, 3, 4, 5] }, ({ x }) => globalMaxPool(x));
  checkOp("globalAveragePool 1-D", { x: [2, 3, 5] }, ({ x }) => globalAveragePool(x));
  checkOp("globalAveragePool 2-D", { x: [2, 3, 4, 5] }, ({ x }) => globalAveragePool(x));
});

describe("losses", () => {
  checkOp("softmaxCrossEntropy", { logits: [5, 4], targets: distributions(5, 4) }, ({ logits, targets }) =>
    softmaxCrossEntropy(logits, targets),
  );
  checkOp("softmaxCrossEntropy squared", { logits: [3, 2], targets: distributions(3, 2) }, (values) =>
    mul(
      softmaxCrossEntropy(values.logits, values.targets),
      softmaxCrossEntropy(values.logits, values.targets),
    ),
  );
  checkOp("sigmoidCrossEntropy", { logits: [5, 4], targets: noise(5, 4) }, ({ logits, targets }) =>
    sigmoidCrossEntropy(logits, targets),
  );
  checkOp(
    "maskedSigmoidCrossEntropy",
    { logits: [5, 4], targets: noise(5, 4), known: zerosAndOnes(5, 4) },
    ({ logits, targets, known }) => maskedSigmoidCrossEntropy(logits, targets, known),
  );
});

describe("together", () => {
  checkOp(
    "a small conv net",
    {
      x: [2, 1, 7, 6],
      w1: [2, 1, 3, 3],
      scale1: positive(2),
      shift1: [2],
      w2: [3, 2, 3, 3],
      scale2: [3],
      shift2: [3],
      u: noise(2, 3),
      wOut: [3, 3],
      bOut: [3],
      targets: distributions(2, 3),
    },
    (v) => {
      const first = batchNormMaxPool(conv(v.x, v.w1, { padding: 1 }), v.scale1, v.shift1, {
        epsilon: EPSILON,
        size: [2, 2],
      });
      const second = batchNorm(conv(relu(first.out), v.w2, { padding: 1 }), v.scale2, v.shift2, EPSILON);
      const pooled = globalAveragePool(maxPool(relu(second.out), [2, 2]));
      return softmaxCrossEntropy(dense(dropout(pooled, v.u, 0.3), v.wOut, v.bOut), v.targets);
    },
  );
});
