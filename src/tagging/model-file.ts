import { z } from "zod";
import { parseBoundedJson } from "../core/bounded-json.js";
import { checkContent, contentChecksum } from "../core/checksum.js";
import { DataError, UsageError } from "../core/errors.js";
import { sha256Hex } from "../core/hash.js";
import { checkObject, checkText, kindOf, toBytes } from "../core/inputs.js";
import { recordProblem } from "../core/schema-error.js";
import type { Tensor } from "../core/tensor.js";
import { compressionRate, frontEndHash, silenceValue } from "../features/front-end.js";
import { decodeMetadata, decodeWeights } from "../graph/index.js";
import { minFrames, type NetSettings, netConfig, type SegmentNetConfig } from "../nn/architectures.js";
import {
  buildEmbeddingModel,
  buildInferenceModel,
  buildLogitsModel,
  type InferenceConfig,
} from "../nn/inference.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import { largestOutput, netTensors } from "../nn/summary.js";
import { checkCalibration } from "./calibration.js";
import { upgradeRecord, upgradeTensors } from "./format-1.js";
import { LINEAR_RECORD } from "./linear-model.js";
import { infoSchema, type ModelInfo } from "./model-info.js";
import { modelTensors, normalizedWidth, storedTensors } from "./model-tensors.js";
import type { NoveltyScore } from "./novelty.js";
import { segmentWeightTerms } from "./segment-weight.js";

export type { ModelInfo } from "./model-info.js";

/**
 * Version of the metadata below, whose calibration has a `levelExponent`, and which may have a `level`. A model that has neither
 * is written as version 4, or as version 3 if it has no calibration; these are their only differences. Files of version 1 are read
 * too, and files of version 2, which have no checksum.
 */
const FORMAT = 5;
const UNWEIGHTED_FORMAT = 4;
const UNCALIBRATED_FORMAT = 3;
/** Keys of the metadata: the record, and the checksum over it and the tensors. */
const [RECORD, CHECKSUM] = ["timbrel", "timbrel.checksum"];

/** Key of the metadata of a model that reads samples, see `waveformModel`. */
export const WAVEFORM_RECORD = "timbrel.waveform";

/** Most values in the record of a file from elsewhere; no model comes near it. */
const MAX_VALUES = 2 ** 19;

/** The metadata of a model file. */
const recordSchema = infoSchema.extend({
  format: z.literal([2, UNCALIBRATED_FORMAT, UNWEIGHTED_FORMAT, FORMAT]),
  frontEndHash: z.string(),
  net: z
    .looseObject({ kind: z.string() })
    .transform((settings): SegmentNetConfig => netConfig(settings as NetSettings)),
  /** Kind of the normalization; its numbers are stored as tensors. */
  normalization: z.enum(["none", "standardize", "whiten"]),
  /** Present if segments are brought to one level. Its numbers are stored as tensors, too. */
  level: z.literal("segment").optional(),
});

/** A trained net with everything it needs to tag audio or to be trained further. */
export interface TrainedModel {
  readonly info: ModelInfo;
  readonly net: SegmentNetConfig;
  /** The net's parameters and batch norm's moving averages, by their names in the training step's state. */
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly normalization: InputNormalization;
  /** Present if `info.calibration` says when a sound is unknown; see `NoveltyScore`. */
  readonly novelty?: NoveltyScore | undefined;
}

/**
 * Checks that a value is a trained model.
 * @throws UsageError otherwise
 */
export function checkModel(value: unknown): void {
  const isPath = typeof value === "string" || value instanceof URL;
  if (isPath || ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    throw new UsageError({
      setting: "model",
      rule: "be a trained model",
      got: kindOf(value),
      remedy: isPath ? "read and decode the file first" : "decode the bytes first",
    });
  checkObject("model", value, "be a trained model", {
    info: "object",
    net: "object",
    weights: "map",
    normalization: "object",
  });
}

/** The record in a model's metadata. */
function recordText({ info, net, normalization }: TrainedModel, format: number): string {
  const hash = frontEndHash(info.frontEnd);
  const { kind, level } = normalization;
  const facts = { format, frontEndHash: hash, net, normalization: kind, level: level && "segment" };
  return JSON.stringify({ ...facts, ...info });
}

/** What decides a model's graph, besides its weights. */
export function graphConfig({ info, net, normalization, novelty }: TrainedModel): InferenceConfig {
  const { task, labels, segmentFrames, frontEnd, calibration } = info;
  const inputShape = [segmentFrames, frontEnd.nMels];
  const { temperature, levelExponent } = calibration ?? {};
  return {
    net,
    task,
    nLabels: labels.length,
    inputShape,
    normalization,
    temperature,
    novelty,
    weight: segmentWeightTerms(frontEnd, levelExponent),
  };
}

/** The version as which a model is written. */
function formatOf({ info: { calibration }, normalization }: TrainedModel): number {
  if (normalization.level !== undefined) return FORMAT;
  if (calibration === undefined) return UNCALIBRATED_FORMAT;
  return calibration.levelExponent === undefined ? UNWEIGHTED_FORMAT : FORMAT;
}

/**
 * Builds the graph that runs a model, as an ONNX file without anything else in it.
 * @param metadata strings stored with it, by key
 * @throws UsageError if `weights` lacks a tensor of the net, or has it in another shape
 */
export function modelGraph(model: TrainedModel, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  return buildInferenceModel(graphConfig(model), model.weights, metadata);
}

/**
 * Builds the graph from a model's inputs to its `logits` [batch, nLabels], which its temperature does not change, and its
 * `embedding` [batch, embedding size], and maybe `weight` [batch].
 * @param levelExponent see `Calibration.levelExponent`; `@default` the model's own
 */
export function logitsGraph(
  model: TrainedModel,
  levelExponent = model.info.calibration?.levelExponent,
): Uint8Array {
  const weight = segmentWeightTerms(model.info.frontEnd, levelExponent);
  return buildLogitsModel({ ...graphConfig(model), weight }, model.weights);
}

/** Builds the graph from a model's inputs to its `embedding` [batch, embedding size]: the input of its last layer. */
export function embeddingGraph(model: TrainedModel): Uint8Array {
  return buildEmbeddingModel(graphConfig(model), model.weights);
}

/** Number of values of a model's embedding. */
export function embeddingSize({ weights }: Pick<TrainedModel, "weights">): number {
  return weights.get("output.weight")!.shape[1];
}

/**
 * Encodes a model as an ONNX file with the input `inputs` [batch, segmentFrames, nMels], not normalized, and the output
 * `probabilities` [batch, nLabels], `novelty` [batch] if it can call a sound unknown, and `weight` [batch] if some segments of a
 * clip count for more than others. The same model gives the same bytes. Tensors in `weights` that do not belong to the net, such
 * as an optimizer's, are left out.
 * @throws UsageError if `weights` lacks a tensor of the net, or has it in another shape, or `decodeModel` would reject
 *   the facts in `info`
 * @example
 * import { readFileSync, writeFileSync } from "node:fs";
 * import { decodeModel, encodeModel } from "timbrel";
 *
 * const model = decodeModel(readFileSync("models/instruments.onnx"), "models/instruments.onnx");
 * writeFileSync("copy.onnx", encodeModel(model));
 * console.log(readFileSync("copy.onnx").equals(readFileSync("models/instruments.onnx"))); // -> true
 */
export function encodeModel(model: TrainedModel): Uint8Array {
  checkModel(model);
  checkNovelty(model);
  const record = recordText(model, formatOf(model));
  checkReadable(record);
  const checksum = contentChecksum(record, storedTensors({ ...model, weights: netWeights(model) }));
  return modelGraph(model, { [RECORD]: record, [CHECKSUM]: checksum });
}

/** @throws UsageError unless the model can compute its novelty if and only if its calibration says what it is for */
function checkNovelty({ info, weights, novelty }: TrainedModel): void {
  const isNeeded = Boolean(info.calibration?.unknown);
  const size = weights.get("output.weight")?.shape[1];
  const sizes = novelty && [novelty.known.weight.shape[1], novelty.classless.weight.shape[1]];
  if (isNeeded ? sizes?.every((each) => each === size) : novelty === undefined) return;
  throw new UsageError({
    setting: "model.novelty",
    rule: isNeeded
      ? `be for embeddings of ${size} values`
      : "be absent in a model that calls no sound unknown",
    got: sizes === undefined ? "none" : `one for ${sizes.join(" and ")}`,
    remedy: "calibrate the model again",
  });
}

/** Checks that a record about to be written can be read back, so that no training ends in a file that nothing reads. */
function checkReadable(record: string): void {
  try {
    parseRecord(record);
  } catch (cause) {
    const got = `facts that it cannot hold: ${recordProblem(cause)}`;
    throw new UsageError({ setting: "model", rule: "be one that its file can hold", got }, { cause });
  }
}

/** The tensors of the net among the model's weights. */
function netWeights({ info, net, weights, normalization }: TrainedModel): Map<string, Tensor> {
  const width = normalizedWidth(normalization, info.frontEnd.nMels);
  const names = netTensors(net, [info.segmentFrames, width], info.labels.length).map(({ name }) => name);
  return new Map([...weights].filter(([name]) => names.includes(name)));
}

/** Most values of a layer's output in one run of a model: 1 GiB. */
const RUN_VALUES = 2 ** 28;

/** Largest number of segments to run through a model at once, so that the memory it takes is bounded. */
export function segmentsPerRun({ info, net, normalization }: TrainedModel): number {
  const { segmentFrames, frontEnd, labels } = info;
  const width = normalizedWidth(normalization, frontEnd.nMels);
  const nValues = Math.max(
    largestOutput(net, [segmentFrames, width], labels.length),
    segmentFrames * frontEnd.nMels,
  );
  return Math.max(1, Math.floor(RUN_VALUES / nValues));
}

/** The model as its net was trained, without its calibration. */
export function uncalibrated(model: TrainedModel): TrainedModel {
  const { calibration: _, ...info } = model.info;
  const { novelty: __, ...trained } = model;
  return { ...trained, info };
}

/**
 * Identifies a model in the checkpoints of runs that started from it: SHA-256 of the file that format 2 would make of it,
 * so that a run can be resumed whose checkpoint is as old. Its calibration does not matter to such a run.
 */
export function modelIdentity(model: TrainedModel): string {
  const trained = uncalibrated(model);
  return sha256Hex(modelGraph(trained, { [RECORD]: recordText(trained, 2) }));
}

/**
 * Decodes a model file. Only its metadata and tensors are read; they must match each other and the file's checksum. Its
 * graph is ignored: `encodeModel` builds the one that the settings describe. Files of earlier versions have no checksum.
 * @param path path of the file, for errors
 * @throws DataError if the bytes are not a timbrel model, are damaged, or their parts contradict each other
 * @example
 * import { readFileSync } from "node:fs";
 * import { decodeModel } from "timbrel";
 *
 * const path = "models/instruments.onnx";
 * const { info, net, weights } = decodeModel(readFileSync(path), path);
 * console.log(net.kind, info.labels.length, weights.get("output.weight")?.shape); // -> vgg 11 [ 11, 512 ]
 */
export function decodeModel(bytes: Uint8Array | ArrayBuffer, path: string): TrainedModel {
  const file = toBytes("bytes", bytes);
  checkText("path", path);
  if (isSafetensors(file))
    throw new DataError(
      path,
      "is a safetensors file, such as a checkpoint, not a model; use the model.onnx of the run",
    );
  const metadata = decodeMetadata(file, path);
  const { [RECORD]: record, [CHECKSUM]: checksum } = metadata;
  if (record === undefined)
    throw new DataError(
      path,
      metadata[LINEAR_RECORD] !== undefined
        ? "is a linear baseline, which reads descriptors, not a net; use the model.onnx of the run"
        : metadata[WAVEFORM_RECORD] !== undefined
          ? "is an exported model, for other programs; use the model that it was made from"
          : "is an ONNX model but not a timbrel model: its metadata has no labels and no front end",
    );
  const { info, net, normalization, level, format } = readRecord(record, path);
  const stored = decodeWeights(file, path);
  const tensors = format === 1 ? upgradeTensors(stored, normalization) : stored;
  const { segmentFrames, frontEnd, labels, calibration } = info;
  const shape = {
    net,
    inputShape: [segmentFrames, frontEnd.nMels],
    nLabels: labels.length,
    normalization,
    level: level && { silence: silenceValue(frontEnd), rate: compressionRate(frontEnd) },
    hasNovelty: Boolean(calibration?.unknown),
  };
  const model = { info, net, ...modelTensors(tensors, shape, path) };
  checkContent(path, checksum, {
    text: record,
    tensors: storedTensors(model),
    isRequired: format >= UNCALIBRATED_FORMAT,
  });
  return model;
}

/** Whether bytes begin like a safetensors file, such as a checkpoint: the length of a JSON object, and its brace. */
export function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 9) return false;
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  return headerBytes <= bytes.length && bytes[8] === 0x7b;
}

/**
 * Reads what a model file says about its model: `info` of the model that `decodeModel` returns.
 * @param path path of the file, for errors
 * @throws DataError as `decodeModel`
 * @example
 * import { readFileSync } from "node:fs";
 * import { readModelInfo } from "timbrel";
 *
 * const path = "models/instruments.onnx";
 * const { task, labels, epoch } = readModelInfo(readFileSync(path), path);
 * console.log(task, labels[0], epoch); // -> single-label bass 10
 */
export function readModelInfo(bytes: Uint8Array | ArrayBuffer, path: string): ModelInfo {
  return decodeModel(bytes, path).info;
}

interface ModelRecord {
  readonly info: ModelInfo;
  readonly net: SegmentNetConfig;
  readonly normalization: InputNormalization["kind"];
  readonly level: "segment" | undefined;
  /** Format version of the file. */
  readonly format: number;
}

function readRecord(text: string, path: string): ModelRecord {
  try {
    return parseRecord(text);
  } catch (cause) {
    throw new DataError(path, `holds damaged model metadata: ${recordProblem(cause)}`, { cause });
  }
}

/** @throws Error, SyntaxError or ZodError if the text is not the record of a model */
function parseRecord(text: string): ModelRecord {
  const record = parseBoundedJson(text, MAX_VALUES);
  const { format } = z.object({ format: z.number() }).parse(record);
  if (format > FORMAT)
    throw new Error(`format is ${format}, this version of timbrel reads at most ${FORMAT}; update timbrel`);
  const parsed = recordSchema.parse(format === 1 ? upgradeRecord(record) : record);
  const { format: _, frontEndHash: hash, net, normalization, level, ...info } = parsed;
  if (frontEndHash(info.frontEnd) !== hash) throw new Error("the front end does not match its hash");
  const least = minFrames(net);
  if (info.segmentFrames < least)
    throw new Error(`segmentFrames is ${info.segmentFrames}, this ${net.kind} needs at least ${least}`);
  if (info.calibration !== undefined) checkCalibration(info.calibration, info);
  return { info, net, normalization, level, format };
}
