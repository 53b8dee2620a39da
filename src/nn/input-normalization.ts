import { type Tensor, tensor } from "../core/tensor.js";
import { div, sub, type Value } from "../graph/index.js";
import { emitLevel, type SegmentLevel } from "./segment-level.js";

/**
 * How every feature vector x is normalized before the net reads it; the numbers are fitted to the train split. If there is a
 * level, segments are brought to it first.
 *
 *   none:         x
 *   standardize:  (x - mean) / std
 *   whiten:       (x - mean) W, W [nFeatures, width]
 */
export type InputNormalization = (
  | { readonly kind: "none" }
  | { readonly kind: "standardize"; readonly mean: Float32Array; readonly std: Float32Array }
  | { readonly kind: "whiten"; readonly mean: Float32Array; readonly projection: Tensor }
) & { readonly level?: SegmentLevel | undefined };

/**
 * Emits the normalization over the last axis; no gradient passes through it. Its tensors are stored in the graph as
 * `normalization.level`, `normalization.mean`, `normalization.std` and `normalization.projection`.
 * @param inputs [N, ..., nFeatures]; [N, nFrames, nMels] if there is a level
 * @returns [N, ..., nFeatures], or [N, ..., width] if the features are whitened
 */
export function emitNormalization(inputs: Value, normalization: InputNormalization): Value {
  const x = normalization.level === undefined ? inputs : emitLevel(inputs, normalization.level);
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
