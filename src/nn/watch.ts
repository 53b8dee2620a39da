import { sizeOf, type Tensor } from "../core/tensor.js";
import { add, compare, mul, reshape, sub, sum, type Value, where } from "../graph/index.js";
import { ACTIVATIONS, type ActivationName } from "./activations.js";
import { globalNorm } from "./gradient-clipping.js";
import type { WatchedLayer } from "./net.js";

/**
 * The statistics of one layer in a training step's `watch` output.
 *
 * Same as: PyTorch 2.15, activations and weights with retain_grad(), mean, std(correction=0) and norm, within 1e-5;
 * test/nn/watch.test.ts. A deviation below about 3e-4 of the mean is rounding error.
 */
export interface LayerHealth {
  readonly layer: string;
  /** null in the last layer. */
  readonly activation: ActivationName | null;
  /** Mean over the layer's activations, after its pool; in the last layer, over the logits. */
  readonly mean: number;
  readonly std: number;
  /** Fraction of dead units or of saturated activations; null if the layer has no activation. */
  readonly inactiveFraction: number | null;
  /** L2 norm of the loss's gradient with respect to the activations. */
  readonly activationGradientNorm: number;
  /** Number of activations in a batch: the gradient's root mean square is norm / sqrt(count). */
  readonly activationCount: number;
  readonly weightNorm: number;
  /** L2 norm of the loss's gradient with respect to the layer's weight, before clipping. */
  readonly weightGradientNorm: number;
  /** Norm of the optimizer's change to the weight divided by the weight's norm; null if the weight is 0. */
  readonly updateRatio: number | null;
}

/** A watched layer, without its values in the graph. */
export interface WatchedSpec {
  readonly layer: string;
  readonly activation: ActivationName | null;
  readonly activationCount: number;
}

/** Numbers per layer in the `watch` output. */
const FIELDS = 7;

/**
 * Emits the statistics of every layer: [nLayers, 7], see `readWatch`. Deviations and ratios are computed outside, in
 * float64: the square of a vanishing number would be 0 in float32.
 * @param gradientOf gives the loss's gradients with respect to a layer's output and its weight
 * @param next next values of the parameters, by name
 */
export function emitWatch(
  layers: readonly WatchedLayer[],
  gradientOf: (layer: WatchedLayer) => { output: Value; weight: Value },
  next: ReadonlyMap<string, Value>,
): Value {
  const rows = layers.flatMap((layer) => {
    const { output, weight } = layer;
    const gradient = gradientOf(layer);
    return [
      mul(sum(output), 1 / sizeOf(output.shape)),
      globalNorm([output]),
      inactiveFraction(layer),
      globalNorm([gradient.output]),
      globalNorm([weight.value]),
      globalNorm([gradient.weight]),
      globalNorm([sub(next.get(weight.name)!, weight.value)]),
    ].map((scalar) => reshape(scalar, [1]));
  });
  const [{ graph }] = rows;
  const joined = graph.emit("Concat", rows, { shape: [rows.length] }, { axis: 0 });
  return reshape(joined, [layers.length, FIELDS]);
}

/** The fraction of units never above 0, or of activations in a flat end of their curve; 0 without an activation. */
function inactiveFraction({ output, activation }: WatchedLayer): Value {
  if (activation === null) return output.graph.constant(0);
  const { inactive } = ACTIVATIONS[activation];
  const fraction = (isInactive: Value) => mul(sum(where(isInactive, 1, 0)), 1 / sizeOf(isInactive.shape));
  if (inactive.kind === "dead") {
    const axes = output.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
    const { graph } = output;
    const highest = graph.emit(
      "ReduceMax",
      [output, graph.integers(axes)],
      { shape: [output.shape[1]] },
      { keepdims: 0 },
    );
    return sub(1, fraction(compare("Greater", highest, 0)));
  }
  const fractions = [
    inactive.low === null ? null : fraction(compare("Less", output, inactive.low)),
    inactive.high === null ? null : fraction(compare("Greater", output, inactive.high)),
  ].filter((each) => each !== null);
  return fractions.reduce((a, b) => add(a, b));
}

/** Reads the `watch` output of a training step. */
export function readWatch(layers: readonly WatchedSpec[], { data }: Tensor): LayerHealth[] {
  return layers.map(({ layer, activation, activationCount }, i) => {
    const [mean, norm, inactive, activationGradientNorm, weightNorm, weightGradientNorm, updateNorm] =
      data.subarray(i * FIELDS, (i + 1) * FIELDS);
    return {
      layer,
      activation,
      mean,
      std: Math.sqrt(Math.max(0, (norm / activationCount) * norm - mean * mean)),
      inactiveFraction: activation === null ? null : inactive,
      activationGradientNorm,
      activationCount,
      weightNorm,
      weightGradientNorm,
      updateRatio: weightNorm === 0 ? null : updateNorm / weightNorm,
    };
  });
}
