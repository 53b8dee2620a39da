import { boolean, fraction, type KindChecks, notNegative, positive } from "../core/setting-checks.js";
import { add, div, mul, sqrt, sub, tanh, type Value } from "../graph/index.js";
import type { Parameter } from "./net.js";
import type { DirectionContext, Optimizer, OptimizerSettings } from "./optimizer.js";

/** Gradient descent, plain or with momentum, and with Nesterov's look-ahead. */
export interface SgdConfig extends OptimizerSettings {
  readonly kind: "sgd";
  /** In [0, 1); 0 is plain gradient descent. */
  readonly momentum: number;
  readonly nesterov: boolean;
}

const sgd: Optimizer<SgdConfig, "momentum" | "nesterov"> = {
  defaults: { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 5e-4 },
  learningRate: 0.1,
  variants: {
    momentum: { changes: { momentum: 0.9 }, learningRate: 0.05 },
    nesterov: { changes: { momentum: 0.9, nesterov: true }, learningRate: 0.05 },
  },
  checks: { momentum: fraction, nesterov: boolean, weightDecay: notNegative },
  direction({ momentum, nesterov }, g, { advance }) {
    if (momentum === 0) return g;
    const velocity = advance("momentum", (last) => add(mul(last, momentum), g));
    return nesterov ? add(g, mul(velocity, momentum)) : velocity;
  },
};

/** AdaGrad: every element's rate falls with the sum of its squared gradients. */
export interface AdagradConfig extends OptimizerSettings {
  readonly kind: "adagrad";
  readonly epsilon: number;
}

const adagrad: Optimizer<AdagradConfig, never> = {
  defaults: { kind: "adagrad", epsilon: 1e-10, weightDecay: 0 },
  learningRate: 0.01,
  checks: { epsilon: positive, weightDecay: notNegative },
  direction({ epsilon }, g, { advance }) {
    const sumSquare = advance("sum-square", (last) => add(last, mul(g, g)));
    return div(g, add(sqrt(sumSquare), epsilon));
  },
};

/** RMSProp: as AdaGrad, with a moving average of the squares instead of their sum. */
export interface RmspropConfig extends OptimizerSettings {
  readonly kind: "rmsprop";
  /** Fraction that the average of squares keeps at every step, in [0, 1): PyTorch's `alpha`. */
  readonly decay: number;
  readonly epsilon: number;
  /** In [0, 1); 0 for none. */
  readonly momentum: number;
}

const rmsprop: Optimizer<RmspropConfig, never> = {
  defaults: { kind: "rmsprop", decay: 0.99, epsilon: 1e-8, momentum: 0, weightDecay: 0 },
  learningRate: 0.001,
  checks: { decay: fraction, epsilon: positive, momentum: fraction, weightDecay: notNegative },
  direction({ decay, epsilon, momentum }, g, { advance }) {
    const scaled = div(g, add(sqrt(meanSquare(g, decay, advance)), epsilon));
    return momentum === 0 ? scaled : advance("momentum", (last) => add(mul(last, momentum), scaled));
  },
};

/** Adam: moving averages of gradients and of their squares, corrected for their start at 0. */
export interface AdamConfig extends OptimizerSettings {
  readonly kind: "adam";
  /** Fraction that the average of gradients keeps, in [0, 1). */
  readonly beta1: number;
  /** Fraction that the average of squared gradients keeps, in [0, 1). */
  readonly beta2: number;
  readonly epsilon: number;
}

const adam: Optimizer<AdamConfig, never> = {
  defaults: { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  learningRate: 0.001,
  checks: { beta1: fraction, beta2: fraction, epsilon: positive, weightDecay: notNegative },
  direction: adamDirection,
};

/** Adam with decoupled weight decay: it shrinks the parameter and stays out of the averages. */
export interface AdamwConfig extends Omit<AdamConfig, "kind"> {
  readonly kind: "adamw";
}

const adamw: Optimizer<AdamwConfig, never> = {
  defaults: { kind: "adamw", beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.02 },
  learningRate: 0.003,
  checks: adam.checks,
  isDecayDecoupled: true,
  direction: adamDirection,
};

function adamDirection(
  { beta1, beta2, epsilon }: AdamConfig | AdamwConfig,
  g: Value,
  { step, advance }: DirectionContext,
): Value {
  const mean = advance("mean-gradient", (last) => add(mul(last, beta1), mul(g, 1 - beta1)));
  const square = meanSquare(g, beta2, advance);
  const correct = (average: Value, beta: number) => div(average, oneMinusPower(step, beta));
  return div(correct(mean, beta1), add(sqrt(correct(square, beta2)), epsilon));
}

function meanSquare(g: Value, decay: number, advance: DirectionContext["advance"]): Value {
  return advance("mean-square", (last) => add(mul(last, decay), mul(mul(g, g), 1 - decay)));
}

/**
 * 1 - beta^step, as -2 t / (1 - t) with t = tanh(step * ln(beta) / 2): computed directly, the difference of two numbers
 * near 1 would keep only 5 digits in float32.
 */
function oneMinusPower(step: Value, beta: number): Value {
  const t = tanh(mul(step, Math.log(beta) / 2));
  return div(mul(t, -2), sub(1, t));
}

/** timbrel's optimizers. A new one is a record above and its name here. */
const RECORDS = [sgd, adagrad, rmsprop, adam, adamw] as const;

type Listed = (typeof RECORDS)[number];

/**
 * The settings of one of timbrel's optimizers; `kind` says which one.
 * @useDeclaredType
 */
export type OptimizerConfig = Listed["defaults"];

type VariantOf<Each> = Each extends Optimizer<infer _, infer Variant> ? Variant : never;

/**
 * The name of an optimizer or of a variant.
 * @useDeclaredType
 */
export type OptimizerName = OptimizerConfig["kind"] | VariantOf<Listed>;

/** An optimizer's default settings and highest learning rate. */
export interface OptimizerPreset {
  readonly optimizer: OptimizerConfig;
  readonly learningRate: number;
}

/** The optimizers by name, with their default settings and highest learning rate. */
export const OPTIMIZERS = Object.fromEntries(RECORDS.flatMap(presetsOf)) as Readonly<
  Record<OptimizerName, OptimizerPreset>
>;

/** The checks of every optimizer's settings, by kind. */
export const OPTIMIZER_CHECKS = Object.fromEntries(
  RECORDS.map(({ defaults, checks }) => [defaults.kind, checks]),
) as KindChecks<OptimizerConfig>;

function presetsOf({ defaults, learningRate, variants = {} }: Optimizer) {
  return [
    [defaults.kind, { optimizer: defaults, learningRate }],
    ...Object.entries(variants).map(([name, { changes, learningRate }]) => [
      name,
      { optimizer: { ...defaults, ...changes }, learningRate },
    ]),
  ];
}

function recordOf(kind: OptimizerConfig["kind"]): Optimizer {
  return RECORDS.find(({ defaults }) => defaults.kind === kind)!;
}

/**
 * The name of the optimizer with these settings: the last variant whose changed settings all differ from the defaults
 * here too, else the kind. SGD with a momentum of 0.5 is "momentum".
 */
export function optimizerName(config: OptimizerConfig): OptimizerName {
  const { defaults, variants = {} } = recordOf(config.kind);
  const [now, usual] = [config, defaults].map((each) => new Map<string, unknown>(Object.entries(each)));
  const variant = Object.entries(variants).findLast(([, { changes }]) =>
    Object.keys(changes).every((name) => now.get(name) !== usual.get(name)),
  );
  return (variant?.[0] ?? config.kind) as OptimizerName;
}

/** The values that an optimizer step reads besides the parameter and the gradient. */
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
 *   p <- p - lr * direction(g), after g += weightDecay * p; for adamw, after p -= lr * weightDecay * p instead
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
 *
 * @param config settings of one of timbrel's optimizers, or an optimizer of the caller's own, with its defaults
 */
export function optimizerStep(
  config: OptimizerConfig | Optimizer,
  { name, value, isDecayed }: Parameter,
  gradient: Value,
  { learningRate, step, slot, update }: OptimizerContext,
): Value {
  const [optimizer, settings] =
    "defaults" in config ? [config, config.defaults] : [recordOf(config.kind), config];
  const advance: DirectionContext["advance"] = (stem, next) => {
    const updated = next(slot(`${name}.${stem}`));
    update(`${name}.${stem}`, updated);
    return updated;
  };
  const { isDecayDecoupled = false } = optimizer;
  const weightDecay = isDecayed ? settings.weightDecay : 0;
  const shrunk =
    weightDecay > 0 && isDecayDecoupled ? sub(value, mul(value, mul(learningRate, weightDecay))) : value;
  const g = weightDecay > 0 && !isDecayDecoupled ? add(gradient, mul(value, weightDecay)) : gradient;
  return sub(shrunk, mul(optimizer.direction(settings, g, { step, advance }), learningRate));
}
