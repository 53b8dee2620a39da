import { add, div, mul, sqrt, sub, tanh, type Value } from "../graph/index.js";
import type { Parameter } from "./net.js";

/** Gradient descent; with momentum, and Nesterov's look ahead. */
export interface SgdConfig {
  readonly kind: "sgd";
  /** In [0, 1); 0 is plain gradient descent. */
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

/** AdaGrad: every element's rate falls with the sum of its squared gradients. */
export interface AdagradConfig {
  readonly kind: "adagrad";
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** RMSProp: as AdaGrad, with a moving average of the squares in place of their sum. */
export interface RmspropConfig {
  readonly kind: "rmsprop";
  /** Share that the average of squares keeps at every step, in [0, 1): PyTorch's `alpha`. */
  readonly decay: number;
  readonly epsilon: number;
  /** In [0, 1); 0 for none. */
  readonly momentum: number;
  readonly weightDecay: number;
}

/** Adam: moving averages of gradients and of their squares, corrected for their start at 0. */
export interface AdamConfig {
  readonly kind: "adam";
  /** Share that the average of gradients keeps, in [0, 1). */
  readonly beta1: number;
  /** Share that the average of squared gradients keeps, in [0, 1). */
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Adam with decoupled weight decay: it shrinks the parameter and stays out of the averages. */
export interface AdamwConfig extends Omit<AdamConfig, "kind"> {
  readonly kind: "adamw";
}

/** `weightDecay` is the coefficient of an L2 penalty added to the gradient; only AdamW's is decoupled. */
export type OptimizerConfig = SgdConfig | AdagradConfig | RmspropConfig | AdamConfig | AdamwConfig;

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

/** Emits what a slot of the parameter becomes at this step, and gives it. */
type Advance = (slot: string, next: (last: Value) => Value) => Value;

/**
 * Emits one parameter's next value.
 *
 *   p <- p - lr * direction(g), where before g += weightDecay * p; for adamw p -= lr * weightDecay * p instead
 *
 *   sgd:      v <- momentum * v + g;  direction = nesterov ? g + momentum * v : v
 *   adagrad:  s <- s + g^2;  direction = g / (sqrt(s) + epsilon)
 *   rmsprop:  s <- decay * s + (1 - decay) * g^2;  v <- momentum * v + g / (sqrt(s) + epsilon);  direction = v
 *   adam(w):  m <- beta1 * m + (1 - beta1) * g;  s <- beta2 * s + (1 - beta2) * g^2;
 *             direction = (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + epsilon) at step t
 *
 * A parameter that is not `isDecayed` has no weight decay.
 *
 * Same as: PyTorch 2.15 torch.optim.SGD(momentum, nesterov, weight_decay), Adagrad(initial_accumulator_value=0),
 * RMSprop(alpha=decay, centered=False), Adam, AdamW, ten steps within 1e-6; test/nn/torch-optimizers.test.ts
 * References: Sutskever et al., 2013; Duchi, Hazan and Singer, 2011; Tieleman and Hinton, 2012, lecture 6.5;
 * Kingma and Ba, 2015, https://arxiv.org/abs/1412.6980; Loshchilov and Hutter, 2019, https://arxiv.org/abs/1711.05101
 */
export function optimizerStep(
  config: OptimizerConfig,
  { name, value, isDecayed }: Parameter,
  gradient: Value,
  context: OptimizerContext,
): Value {
  const { learningRate, step } = context;
  const advance: Advance = (slot, next) => {
    const updated = next(context.slot(`${name}.${slot}`));
    context.update(`${name}.${slot}`, updated);
    return updated;
  };
  const weightDecay = isDecayed ? config.weightDecay : 0;
  const isDecoupled = config.kind === "adamw";
  const shrunk =
    weightDecay > 0 && isDecoupled ? sub(value, mul(value, mul(learningRate, weightDecay))) : value;
  const g = weightDecay > 0 && !isDecoupled ? add(gradient, mul(value, weightDecay)) : gradient;
  return sub(shrunk, mul(direction(config, g, step, advance), learningRate));
}

function direction(config: OptimizerConfig, g: Value, step: Value, advance: Advance): Value {
  switch (config.kind) {
    case "sgd":
      return sgd(config, g, advance);
    case "adagrad":
      return adagrad(config, g, advance);
    case "rmsprop":
      return rmsprop(config, g, advance);
    case "adam":
    case "adamw":
      return adam(config, g, step, advance);
  }
}

function sgd({ momentum, nesterov }: SgdConfig, g: Value, advance: Advance): Value {
  if (momentum === 0) return g;
  const velocity = advance("momentum", (last) => add(mul(last, momentum), g));
  return nesterov ? add(g, mul(velocity, momentum)) : velocity;
}

function adagrad({ epsilon }: AdagradConfig, g: Value, advance: Advance): Value {
  const sumSquare = advance("sum-square", (last) => add(last, mul(g, g)));
  return div(g, add(sqrt(sumSquare), epsilon));
}

function rmsprop({ decay, epsilon, momentum }: RmspropConfig, g: Value, advance: Advance): Value {
  const scaled = div(g, add(sqrt(meanSquare(g, decay, advance)), epsilon));
  return momentum === 0 ? scaled : advance("momentum", (last) => add(mul(last, momentum), scaled));
}

function adam(config: AdamConfig | AdamwConfig, g: Value, step: Value, advance: Advance): Value {
  const { beta1, beta2, epsilon } = config;
  const mean = advance("mean-gradient", (last) => add(mul(last, beta1), mul(g, 1 - beta1)));
  const square = meanSquare(g, beta2, advance);
  const correct = (average: Value, beta: number) => div(average, oneMinusPower(step, beta));
  return div(correct(mean, beta1), add(sqrt(correct(square, beta2)), epsilon));
}

function meanSquare(g: Value, decay: number, advance: Advance): Value {
  return advance("mean-square", (last) => add(mul(last, decay), mul(mul(g, g), 1 - decay)));
}

/**
 * 1 - beta^step, as -2 t / (1 - t) with t = tanh(step * ln(beta) / 2): written out, the difference of two numbers near 1
 * would leave 5 digits of it in float32.
 */
function oneMinusPower(step: Value, beta: number): Value {
  const t = tanh(mul(step, Math.log(beta) / 2));
  return div(mul(t, -2), sub(1, t));
}
