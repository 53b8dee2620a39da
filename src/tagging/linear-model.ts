import { z } from "zod";
import { parseBoundedJson } from "../core/bounded-json.js";
import { checkContent, contentChecksum } from "../core/checksum.js";
import { DataError } from "../core/errors.js";
import { checkObject, checkText, toBytes } from "../core/inputs.js";
import { DESCRIPTOR_NAMES } from "../features/descriptors.js";
import { decodeMetadata, decodeWeights } from "../graph/index.js";
import { buildInferenceModel } from "../nn/inference.js";
import { upgradeTensors } from "./format-1.js";
import type { ModelInfo } from "./model-info.js";
import { type ModelTensors, modelTensors, storedTensors } from "./model-tensors.js";

/** Version of the record. Files without a record are read too: they have no checksum. */
const FORMAT = 1;
/** Keys of the metadata: the record, and the checksum over it and the tensors. */
export const LINEAR_RECORD = "timbrel.linear";
const CHECKSUM = "timbrel.checksum";

/** Most values in the record, nearly all of them labels. */
const MAX_VALUES = 2 ** 18;

type Outputs = Pick<ModelInfo, "task" | "labels">;

const recordSchema = z.object({ format: z.literal(FORMAT), task: z.string(), labels: z.unknown() });

/**
 * Encodes a linear baseline as an ONNX file from `inputs` [batch, nDescriptors] to `probabilities` [batch, nLabels].
 * @param tensors weights and standardization of a net of the kind "linear"
 */
export function encodeLinearModel(tensors: ModelTensors, { task, labels }: Outputs): Uint8Array {
  const record = JSON.stringify({ format: FORMAT, task, labels });
  const checksum = contentChecksum(record, storedTensors(tensors));
  const { weights, normalization } = tensors;
  const inputShape = [weights.get("output.weight")!.shape[1]];
  return buildInferenceModel(
    { net: { kind: "linear" }, task, nLabels: labels.length, inputShape, normalization },
    weights,
    { [LINEAR_RECORD]: record, [CHECKSUM]: checksum },
  );
}

/**
 * Reads the file of a linear baseline: checks its tensors and builds a new graph around them.
 * @param options.task task of the model that it is the baseline of
 * @param options.labels labels of that model
 * @param options.nDescriptors number of values that it reads, `@default` the number of timbrel's own descriptors
 * @returns an ONNX model from `inputs` [batch, nDescriptors] to `probabilities` [batch, nLabels]
 * @throws DataError if the bytes are not an ONNX model, are damaged, or are not the baseline of such a model
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
  bytes: Uint8Array | ArrayBuffer,
  path: string,
  options: Outputs & { nDescriptors?: number },
): Uint8Array {
  const file = toBytes("bytes", bytes);
  checkText("path", path);
  checkObject("options", options, "name what the model is the baseline of", { task: "text", labels: "list" });
  const { task, labels, nDescriptors = DESCRIPTOR_NAMES.length } = options;
  const { [LINEAR_RECORD]: record, [CHECKSUM]: checksum } = decodeMetadata(file, path);
  if (record !== undefined) checkRecord(record, { task, labels }, path);
  const stored = decodeWeights(file, path);
  const tensors = stored.has("normalization.mean") ? stored : upgradeTensors(stored, "standardize");
  const shape = {
    net: { kind: "linear" },
    nLabels: labels.length,
    inputShape: [nDescriptors],
    normalization: "standardize",
  } as const;
  const checked = modelTensors(tensors, shape, path);
  const content = { text: record ?? "", tensors: storedTensors(checked), isRequired: record !== undefined };
  checkContent(path, checksum, content);
  return encodeLinearModel(checked, { task, labels });
}

/** @throws DataError if the record is damaged, or the baseline of a model with another task or other labels */
function checkRecord(text: string, { task, labels }: Outputs, path: string): void {
  let record: z.infer<typeof recordSchema>;
  try {
    record = recordSchema.parse(parseBoundedJson(text, MAX_VALUES));
  } catch (cause) {
    throw new DataError(path, "holds damaged metadata", { cause });
  }
  if (record.task !== task || JSON.stringify(record.labels) !== JSON.stringify(labels))
    throw new DataError(path, "is the linear baseline of a model with another task or other labels");
}
