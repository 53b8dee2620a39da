import { add, div, mul, sqrt, sub, tanh, type Value } from "../graph/index.js";
import type { Parameter } from "./net.js";

/** Stochastic gradient descent with momentum. */
export interface SgdConfig {
  readonly kind: "sgd";
  /** In [0, 1); 0 is plain gradient descent. */
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Coefficient of the L2 penalty added to the gradient. */
  readonly weightDecay: number;
}

/** Adam; its weight decay, if any, is decoupled (AdamW). */
export interface AdamConfig {
  readonly kind: "adam";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export type OptimizerConfig = SgdConfig | AdamConfig;

/** What an optimizer reads beside parameter and gradient. */
export interface OptimizerContext {
  /** Scalar. */
  readonly learningRate: Value;
  /** Number of this step, from 1, scalar. */
  readonly step: Value;
  /** A state tensor of the parameter's shape that starts at 0. */
  readonly slot: (name: string) => Value;
  /** Emits the next value of a slot. */
  readonly update: (name: string, next: Value) => void;
}

/**
 * Emits one parameter's next value.
 *
 *   sgd:   g += weightDecay * p;  v <- momentum * v + g;  p <- p - lr * (nesterov ? g + momentum * v : v)
 *   adam:  p -= lr * weightDecay * p;  m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;
 *          p <- p - lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
 *
 * Same as: PyTorch 2.15 torch.optim.SGD(nesterov, momentum, weight_decay), Adam, AdamW, ten steps within 1e-6;
 * test/nn/torch-optimizers.test.ts
 * References: Sutskever et al., 2013; Kingma and Ba, 2015, https://arxiv.org/abs/1412.6980; Loshchilov and Hutter, 2019
 */
export function optimizerStep(
  config: OptimizerConfig,
  { name, value, isDecayed }: Parameter,
  gradient: Value,
  context: OptimizerContext,
): Value {
  const { learningRate } = context;
  const weightDecay = isDecayed ? config.weightDecay : 0;
  if (config.kind === "sgd") {
    const g = weightDecay > 0 ? add(gradient, mul(value, weightDecay)) : gradient;
    if (config.momentum === 0) return sub(value, mul(g, learningRate));
    const slot = `${name}.momentum`;
    const velocity = add(mul(context.slot(slot), config.momentum), g);
    context.update(slot, velocity);
    const direction = config.nesterov ? add(g, mul(velocity, config.momentum)) : velocity;
    return sub(value, mul(direction, learningRate));
  }
  const { beta1, beta2, epsilon } = config;
  const [meanSlot, squareSlot] = [`${name}.mean-gradient`, `${name}.mean-square`];
  const mean = add(mul(context.slot(meanSlot), beta1), mul(gradient, 1 - beta1));
  const square = add(mul(context.slot(squareSlot), beta2), mul(mul(gradient, gradient), 1 - beta2));
  context.update(meanSlot, mean);
  context.update(squareSlot, square);
  const correction = (beta: number) => oneMinusPower(context.step, beta);
  const direction = div(div(mean, correction(beta1)), add(sqrt(div(square, correction(beta2))), epsilon));
  const decayed = weightDecay > 0 ? sub(value, mul(value, mul(learningRate, weightDecay))) : value;
  return sub(decayed, mul(direction, learningRate));
}

/**
 * 1 - beta^step, as -2 t / (1 - t) with t = tanh(step * ln(beta) / 2): written out, the difference of two numbers near 1
 * would leave 5 digits of it in float32.
 */
function oneMinusPower(step: Value, beta: number): Value {
  const t = tanh(mul(step, Math.log(beta) / 2));
  return div(mul(t, -2), sub(1, t));
}
