import { ACTIVATIONS } from "../nn/activations.js";
import type { LayerHealth } from "../nn/watch.js";

/** What can go wrong in a layer. */
export type Problem = "vanishing" | "exploding" | "dead" | "saturated";

/** A layer that something is wrong with. */
export interface Diagnosis {
  readonly layer: string;
  readonly problem: Problem;
  /** What shows it: the gradient's norm by that of the logits, or the share of inactive units or activations. */
  readonly value: number;
}

/**
 * A gradient whose norm, by that of the logits, is below this vanishes, and above its inverse explodes. A sound net keeps
 * it within a factor of some tens: Glorot's and He's initializers are made to, pools and averages take a little.
 */
const VANISHING = 1e-3;
const EXPLODING = 1e3;
/** Share of inactive units or activations from which a layer is called dead or saturated. */
const INACTIVE = 0.8;

/**
 * What is wrong in which layers, first layer first; of one layer the gradient's problem before the activations'. A
 * gradient of 0 at the logits is no problem: nothing is left to learn from those batches.
 * @example
 * import { diagnose } from "timbrel";
 *
 * const norms = { weightNorm: 1, weightGradientNorm: 1, updateRatio: 0.001 };
 * const health = { mean: 0, std: 1, inactiveFraction: 0, activationCount: 64, ...norms };
 * const layers = [
 *   { layer: "hidden1", activation: "tanh", activationGradientNorm: 0.0001, ...health },
 *   { layer: "output", activation: null, activationGradientNorm: 1, ...health },
 * ] as const;
 * console.log(diagnose(layers)); // -> [ { layer: 'hidden1', problem: 'vanishing', value: 0.0001 } ]
 */
export function diagnose(layers: readonly LayerHealth[]): Diagnosis[] {
  const reference = layers.at(-1)?.activationGradientNorm ?? 0;
  return layers.slice(0, -1).flatMap(({ layer, activation, activationGradientNorm, inactiveFraction }) => {
    const found: Diagnosis[] = [];
    const ratio = reference === 0 ? 1 : activationGradientNorm / reference;
    if (ratio < VANISHING) found.push({ layer, problem: "vanishing", value: ratio });
    else if (!(ratio <= EXPLODING)) found.push({ layer, problem: "exploding", value: ratio });
    if (activation !== null && inactiveFraction !== null && inactiveFraction >= INACTIVE)
      found.push({ layer, problem: ACTIVATIONS[activation].inactive.kind, value: inactiveFraction });
    return found;
  });
}

/** Means over the steps of an epoch of what a gradient watch saw. */
export class FlowMeans {
  readonly #steps: (readonly LayerHealth[])[] = [];

  add(layers: readonly LayerHealth[]): void {
    this.#steps.push(layers);
  }

  /** One entry a layer; a value that was null in every step stays null. */
  means(): LayerHealth[] {
    return (this.#steps[0] ?? []).map((first, i) => {
      const mean = (pick: (health: LayerHealth) => number | null): number | null => {
        const values = this.#steps.map((layers) => pick(layers[i])).filter((value) => value !== null);
        return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
      };
      return {
        ...first,
        mean: mean((health) => health.mean)!,
        std: mean((health) => health.std)!,
        inactiveFraction: mean((health) => health.inactiveFraction),
        activationGradientNorm: mean((health) => health.activationGradientNorm)!,
        weightNorm: mean((health) => health.weightNorm)!,
        weightGradientNorm: mean((health) => health.weightGradientNorm)!,
        updateRatio: mean((health) => health.updateRatio),
      };
    });
  }
}
