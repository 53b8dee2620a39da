import { type Tensor, tensor } from "../core/tensor.js";
import { div, sub, type Value } from "../graph/index.js";

/**
 * How every feature vector x is normalized before the net reads it; the numbers are fitted to the train split.
 *
 *   none:         x
 *   standardize:  (x - mean) / std
 *   whiten:       (x - mean) W, W [nFeatures, width]
 */
export type InputNormalization =
  | { readonly kind: "none" }
  | { readonly kind: "standardize"; readonly mean: Float32Array; readonly std: Float32Array }
  | { readonly kind: "whiten"; readonly mean: Float32Array; readonly projection: Tensor };

/**
 * Emits the normalization over the last axis; no gradient passes through it. Its tensors are stored in the graph as
 * `normalization.mean`, `normalization.std` and `normalization.projection`.
 * @param x [N, ..., nFeatures]
 * @returns [N, ..., nFeatures], or [N, ..., width] if the features are whitened
 */
export function emitNormalization(x: Value, normalization: InputNormalization): Value {
  if (normalization.kind === "none") return x;
  const { graph } = x;
  const vector = (name: string, data: Float32Array) => graph.weight(name, tensor(data, [data.length]));
  const centred = sub(x, vector("normalization.mean", normalization.mean));
  if (normalization.kind === "standardize")
    return div(centred, vector("normalization.std", normalization.std));
  const { projection } = normalization;
  const shape = [...x.shape.slice(0, -1), projection.shape[1]];
  return graph.emit("MatMul", [centred, graph.weight("normalization.projection", projection)], { shape });
}
