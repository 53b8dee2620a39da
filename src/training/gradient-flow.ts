import { checkList } from "../core/inputs.js";
import { ACTIVATIONS } from "../nn/activations.js";
import type { LayerHealth } from "../nn/watch.js";

/** A problem that a layer can have. */
export type Problem = "vanishing" | "exploding" | "dead" | "saturated";

/** A layer with a problem. */
export interface Diagnosis {
  readonly layer: string;
  readonly problem: Problem;
  /** Ratio of the layer's gradient norm to the logits' gradient norm, or fraction of inactive units or activations. */
  readonly value: number;
}

/**
 * Ratio of a layer's gradient norm to the logits' gradient norm. Below VANISHING it vanishes, above EXPLODING it
 * explodes. In a healthy net it stays within a factor of a few tens: Glorot and He initializers are made for that, and
 * pools and averages lower it a little.
 */
const VANISHING = 1e-3;
const EXPLODING = 1e3;
/** Fraction of inactive units or activations from which on a layer counts as dead or saturated. */
const INACTIVE = 0.8;

/**
 * Finds the problems of layers, first layer first, and within a layer the gradient's problem before the activations'. A
 * gradient of 0 at the logits is not a problem: those batches have nothing left to teach.
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
  checkList("layers", layers, "layer statistics", { layer: "text", activationGradientNorm: "number" });
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

/** Collects the layer statistics of an epoch's steps and averages them. */
export class FlowMeans {
  readonly #steps: (readonly LayerHealth[])[] = [];

  add(layers: readonly LayerHealth[]): void {
    this.#steps.push(layers);
  }

  /** One entry per layer; a value that was null in every step stays null. */
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
