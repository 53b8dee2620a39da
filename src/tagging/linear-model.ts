import { z } from "zod";
import { parseBoundedJson } from "../core/bounded-json.js";
import { checkContent, contentChecksum } from "../core/checksum.js";
import { DataError } from "../core/errors.js";
import { checkObject, checkText, toBytes } from "../core/inputs.js";
import { recordProblem } from "../core/schema-error.js";
import { DESCRIPTOR_NAMES } from "../features/descriptors.js";
import { frontEndHash } from "../features/front-end.js";
import { decodeMetadata, decodeWeights } from "../graph/index.js";
import type { LinearConfig } from "../nn/architectures.js";
import { buildInferenceModel } from "../nn/inference.js";
import { upgradeTensors } from "./format-1.js";
import { infoSchema, type ModelInfo } from "./model-info.js";
import { type ModelTensors, modelTensors, storedTensors } from "./model-tensors.js";

/**
 * Version of the record. Files of version 1, which say nothing about front end and clips, and files without a record or a
 * checksum are read as the baseline of a model that is known.
 */
const FORMAT = 2;
/** Keys of the metadata: the record, and the checksum over it and the tensors. */
export const LINEAR_RECORD = "timbrel.linear";
const CHECKSUM = "timbrel.checksum";

/** Most values in the record, nearly all of them labels. */
const MAX_VALUES = 2 ** 18;

const linearInfo = infoSchema.pick({
  task: true,
  labels: true,
  frontEnd: true,
  split: true,
  trainClips: true,
  trainGroups: true,
  validClips: true,
});

/**
 * Facts about a linear baseline. Of the front end only the sample rate matters to it: descriptors are computed at that rate.
 * @useDeclaredType
 */
export type LinearInfo = z.infer<typeof linearInfo>;

/** A trained linear baseline with everything it needs to tag audio. */
export interface LinearModel extends ModelTensors {
  readonly info: LinearInfo;
  readonly net: LinearConfig;
}

const recordSchema = linearInfo.extend({ format: z.literal(FORMAT), frontEndHash: z.string() });

/** The record of version 1. */
const olderSchema = z.object({ task: z.string(), labels: z.unknown() });

/** Number of descriptors that a linear baseline reads. */
export function descriptorCount({ weights }: LinearModel): number {
  return weights.get("output.weight")!.shape[1];
}

/** Builds the graph of a linear baseline, from `inputs` [batch, nDescriptors] to `probabilities` [batch, nLabels]. */
export function linearGraph(
  { weights, normalization }: ModelTensors,
  { task, labels }: Pick<ModelInfo, "task" | "labels">,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const inputShape = [weights.get("output.weight")!.shape[1]];
  const config = {
    net: { kind: "linear" },
    task,
    nLabels: labels.length,
    inputShape,
    normalization,
  } as const;
  return buildInferenceModel(config, weights, metadata);
}

/** Encodes a linear baseline as an ONNX file. The same baseline gives the same bytes. */
export function encodeLinearModel(model: LinearModel): Uint8Array {
  const { info } = model;
  const record = JSON.stringify({ format: FORMAT, frontEndHash: frontEndHash(info.frontEnd), ...info });
  const checksum = contentChecksum(record, storedTensors(model));
  return linearGraph(model, info, { [LINEAR_RECORD]: record, [CHECKSUM]: checksum });
}

/**
 * Decodes the file of a linear baseline, to tag audio with it or to evaluate it like a model. Only its metadata and
 * tensors are read; its graph is ignored.
 * @param path path of the file, for errors
 * @throws DataError if the bytes are not the file of a linear baseline, are damaged, or were written by a version that did
 *   not record what audio they are for
 * @example
 * import { readFileSync } from "node:fs";
 * import { decodeLinearModel } from "timbrel";
 *
 * const path = "models/instruments.linear.onnx";
 * const { info, weights } = decodeLinearModel(readFileSync(path), path);
 * console.log(info.labels.length, info.frontEnd.sampleRate, weights.get("output.weight")?.shape); // -> 11 22050 [ 11, 44 ]
 */
export function decodeLinearModel(bytes: Uint8Array | ArrayBuffer, path: string): LinearModel {
  const file = toBytes("bytes", bytes);
  checkText("path", path);
  const { [LINEAR_RECORD]: record, [CHECKSUM]: checksum } = decodeMetadata(file, path);
  if (record === undefined) throw new DataError(path, "is not the file of a linear baseline");
  const { info } = readRecord(record, path);
  if (info === null)
    throw new DataError(
      path,
      "is a linear baseline of an older version, which does not record its front end; resume its run to make it again",
    );
  const stored = decodeWeights(file, path);
  const nDescriptors = stored.get("normalization.mean")?.shape[0] ?? DESCRIPTOR_NAMES.length;
  const tensors = modelTensors(stored, shapeOf(info.labels, nDescriptors), path);
  checkContent(path, checksum, { text: record, tensors: storedTensors(tensors), isRequired: true });
  return { info, net: { kind: "linear" }, ...tensors };
}

const shapeOf = (labels: readonly string[], nDescriptors: number) =>
  ({
    net: { kind: "linear" },
    nLabels: labels.length,
    inputShape: [nDescriptors],
    normalization: "standardize",
  }) as const;

/** What a record says; `info` is null if it is of version 1. */
interface LinearRecord {
  readonly task: string;
  readonly labels: unknown;
  readonly info: LinearInfo | null;
}

function readRecord(text: string, path: string): LinearRecord {
  try {
    const values = parseBoundedJson(text, MAX_VALUES);
    const { format } = z.object({ format: z.number() }).parse(values);
    if (format > FORMAT)
      throw new Error(`format is ${format}, this version of timbrel reads at most ${FORMAT}; update timbrel`);
    if (format === 1) return { ...olderSchema.parse(values), info: null };
    const { format: _, frontEndHash: hash, ...info } = recordSchema.parse(values);
    if (frontEndHash(info.frontEnd) !== hash) throw new Error("the front end does not match its hash");
    return { ...info, info };
  } catch (cause) {
    throw new DataError(path, `holds damaged metadata: ${recordProblem(cause)}`, { cause });
  }
}

/**
 * Reads the file of a model's linear baseline: checks its tensors and builds a new graph around them.
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
  options: Pick<ModelInfo, "task" | "labels"> & { nDescriptors?: number },
): Uint8Array {
  const file = toBytes("bytes", bytes);
  checkText("path", path);
  checkObject("options", options, "name what the model is the baseline of", { task: "text", labels: "list" });
  const { task, labels, nDescriptors = DESCRIPTOR_NAMES.length } = options;
  const { [LINEAR_RECORD]: record, [CHECKSUM]: checksum } = decodeMetadata(file, path);
  if (record !== undefined) checkRecord(record, { task, labels }, path);
  const stored = decodeWeights(file, path);
  const tensors = stored.has("normalization.mean") ? stored : upgradeTensors(stored, "standardize");
  const checked = modelTensors(tensors, shapeOf(labels, nDescriptors), path);
  const content = { text: record ?? "", tensors: storedTensors(checked), isRequired: record !== undefined };
  checkContent(path, checksum, content);
  return linearGraph(checked, { task, labels });
}

/** @throws DataError if the record is damaged, or the baseline of a model with another task or other labels */
function checkRecord(text: string, { task, labels }: Pick<ModelInfo, "task" | "labels">, path: string): void {
  const found = readRecord(text, path);
  if (found.task !== task || JSON.stringify(found.labels) !== JSON.stringify(labels))
    throw new DataError(path, "is the linear baseline of a model with another task or other labels");
}
