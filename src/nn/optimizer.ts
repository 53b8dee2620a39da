import type { SettingChecks } from "../core/setting-checks.js";
import type { Value } from "../graph/index.js";

/** The settings that every optimizer has; each adds its own. */
export interface OptimizerSettings {
  readonly kind: string;
  /** Pull of the weights towards 0, at least 0. */
  readonly weightDecay: number;
}

/** The values that an optimizer reads besides its settings and the gradient. */
export interface DirectionContext {
  /** Number of this step, from 1, scalar. */
  readonly step: Value;
  /**
   * Emits the next value of a slot and returns it. A slot is a tensor of the parameter's shape that the optimizer carries
   * from step to step; it starts at 0.
   * @param next emits the next value from the last one
   */
  readonly advance: (slot: string, next: (last: Value) => Value) => Value;
}

/**
 * An optimizer as one record: its settings, their checks, and what its step computes. `Config` is the type of the settings,
 * `Variant` the names of the variants, `never` if there are none.
 *
 * ```ts
 * const signDescent: Optimizer<{ kind: "sign"; weightDecay: number }, never> = {
 *   defaults: { kind: "sign", weightDecay: 0 },
 *   learningRate: 0.001,
 *   checks: { weightDecay: notNegative },
 *   direction: (_config, gradient) => gradient.graph.emit("Sign", [gradient], { shape: gradient.shape }),
 * };
 * ```
 */
export interface Optimizer<
  Config extends OptimizerSettings = OptimizerSettings,
  Variant extends string = string,
> {
  /** Default settings. `kind` is the optimizer's name. */
  readonly defaults: Config;
  /** Default of a run's highest learning rate. */
  readonly learningRate: number;
  /** The same optimizer under other names, with what each changes in the defaults, and its highest learning rate. */
  readonly variants?: Readonly<
    Record<Variant, { readonly changes: Partial<Config>; readonly learningRate: number }>
  >;
  readonly checks: SettingChecks<Config>;
  /**
   * Whether weight decay shrinks the parameter itself, by learningRate * weightDecay of it. Otherwise it is the
   * coefficient of an L2 penalty, whose gradient is added to the loss's. @default false
   */
  readonly isDecayDecoupled?: boolean;
  /**
   * Emits what a step subtracts, times the learning rate, from a parameter: for plain gradient descent, the gradient.
   * @param gradient in the parameter's shape, as is the result
   */
  // A method, not a function property, so that an optimizer with settings of any type is an `Optimizer`.
  direction(config: Config, gradient: Value, context: DirectionContext): Value;
}
