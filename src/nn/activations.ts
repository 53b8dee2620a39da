import { elu, gelu, leakyRelu, relu, sigmoid, silu, tanh, type Value } from "../graph/index.js";

/** The activations by name. */
export type ActivationName = "relu" | "leaky-relu" | "elu" | "gelu" | "silu" | "tanh" | "sigmoid";

/** The slope of `leaky-relu` below 0, PyTorch's default. */
export const LEAKY_SLOPE = 0.01;

/** One activation: what it computes, and what other code needs to know about it. */
export interface ActivationSpec {
  /** Emits the activation and its gradient, for any shape, which it keeps. */
  readonly emit: (x: Value) => Value;
  /** Whether it never decreases, so that it commutes with a max pool. */
  readonly isMonotone: boolean;
  /**
   * When the layer statistics count a unit, or one activation, as inactive.
   *
   * "dead": the unit's output is never above 0 in a batch.
   * "saturated": an output is below `low` or above `high`, where the curve is nearly flat; null for an end that is not.
   */
  readonly inactive:
    | { readonly kind: "dead" }
    | { readonly kind: "saturated"; readonly low: number | null; readonly high: number | null };
}

/**
 * The activations:
 *
 *   relu        max(x, 0)                                      torch.nn.ReLU
 *   leaky-relu  x where x > 0, else LEAKY_SLOPE * x            torch.nn.LeakyReLU
 *   elu         x where x > 0, else e^x - 1                    torch.nn.ELU
 *   gelu        x * (1 + erf(x / sqrt 2)) / 2                  torch.nn.GELU
 *   silu        x / (1 + e^-x), also named swish               torch.nn.SiLU
 *   tanh        (e^x - e^-x) / (e^x + e^-x)                    torch.nn.Tanh
 *   sigmoid     1 / (1 + e^-x)                                 torch.nn.Sigmoid
 *
 * Same as: these modules of PyTorch 2.15 with their default settings, within 1e-5 of the largest value;
 * test/graph/torch.test.ts, and test/nn/activations.test.ts for the settings
 *
 * Beyond the bounds of "saturated" at most 2 % of the gradient passes: 1 - 0.99^2 in tanh, 0.01 * 0.99 in sigmoid,
 * 1 - 0.99 in elu. A leaky-relu unit can always recover, yet one whose output is never above 0 is no better than a
 * saturated one: over the whole batch it is a linear map that passes LEAKY_SLOPE = 1 % of the gradient. So it counts as
 * dead.
 */
export const ACTIVATIONS: Readonly<Record<ActivationName, ActivationSpec>> = {
  relu: { emit: relu, isMonotone: true, inactive: { kind: "dead" } },
  "leaky-relu": { emit: (x) => leakyRelu(x, LEAKY_SLOPE), isMonotone: true, inactive: { kind: "dead" } },
  elu: { emit: (x) => elu(x), isMonotone: true, inactive: { kind: "saturated", low: -0.99, high: null } },
  gelu: { emit: gelu, isMonotone: false, inactive: { kind: "dead" } },
  silu: { emit: silu, isMonotone: false, inactive: { kind: "dead" } },
  tanh: { emit: tanh, isMonotone: true, inactive: { kind: "saturated", low: -0.99, high: 0.99 } },
  sigmoid: { emit: sigmoid, isMonotone: true, inactive: { kind: "saturated", low: 0.01, high: 0.99 } },
};

/** The names of `ACTIVATIONS`. */
export const ACTIVATION_NAMES: readonly ActivationName[] = Object.keys(ACTIVATIONS) as ActivationName[];
