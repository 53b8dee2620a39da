import { DESCRIPTOR_NAMES } from "../features/descriptors.js";
import { decodeWeights } from "../graph/index.js";
import { buildInferenceModel } from "../nn/inference.js";
import { upgradeTensors } from "./format-1.js";
import type { ModelInfo } from "./model-file.js";
import { modelTensors } from "./model-tensors.js";

/**
 * Reads the file of a linear baseline: checks its tensors and builds a new graph around them. The file has no metadata;
 * task and labels come from the model that it is the baseline of.
 * @returns an ONNX model from `inputs` [batch, nDescriptors] to `probabilities` [batch, nLabels]
 * @throws DataError if the bytes are not an ONNX model or do not hold the tensors of a linear classifier
 * @example
 * import { readFileSync } from "node:fs";
 * import { linearModel, nodeEngine, readModelInfo } from "timbrel";
 *
 * const [path, linearPath] = ["models/instruments.onnx", "models/instruments.linear.onnx"];
 * const info = readModelInfo(readFileSync(path), path);
 * const session = await nodeEngine().open(linearModel(readFileSync(linearPath), linearPath, info));
 * console.log(session.outputNames); // -> [ 'probabilities' ]
 */
export function linearModel(
  bytes: Uint8Array,
  path: string,
  { task, labels }: Pick<ModelInfo, "task" | "labels">,
): Uint8Array {
  const stored = decodeWeights(bytes, path);
  const tensors = stored.has("normalization.mean") ? stored : upgradeTensors(stored, "standardize");
  const shape = {
    net: { kind: "linear" },
    nLabels: labels.length,
    inputShape: [DESCRIPTOR_NAMES.length],
    normalization: "standardize",
  } as const;
  const { weights, normalization } = modelTensors(tensors, shape, path);
  return buildInferenceModel({ ...shape, task, normalization }, weights);
}
