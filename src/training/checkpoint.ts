import { z } from "zod";
import { parseBoundedJson } from "../core/bounded-json.js";
import { checkContent, contentChecksum } from "../core/checksum.js";
import { DataError, errorLine } from "../core/errors.js";
import { checkObject, checkText, toBytes } from "../core/inputs.js";
import { recordProblem } from "../core/schema-error.js";
import type { Tensor } from "../core/tensor.js";
import type { SplitRecord } from "../dataset/splits.js";
import { ACTIVATION_NAMES } from "../nn/activations.js";
import { currentNames } from "../tagging/format-1.js";
import { trainConfig } from "./config.js";
import type { FitState } from "./fit.js";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.js";

const BEST = "best/";
/** Keys of the metadata: the record, and the checksum over it and the tensors. */
const [RECORD, CHECKSUM] = ["timbrel", "timbrel.checksum"];

/** Parses a record whose members may have the names of format 2. */
function named<T>(schema: z.ZodType<T, Record<string, unknown>>) {
  return z.record(z.string(), z.unknown()).transform(currentNames).pipe(schema);
}

/** Parses a list and ends at the first entry that is wrong: a file may hold millions of them. */
function listOf<T>(schema: z.ZodType<T>) {
  return z.array(z.unknown()).transform((entries) => entries.map((entry) => schema.parse(entry)));
}

/** JSON writes non-finite numbers as null; an exploded norm is read back as Infinity. */
const norm = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.POSITIVE_INFINITY);

const layerHealth = named(
  z.object({
    layer: z.string(),
    activation: z.enum(ACTIVATION_NAMES).nullable(),
    mean: norm,
    std: norm,
    inactiveFraction: z.number().nullable(),
    activationGradientNorm: norm,
    activationCount: z.number(),
    weightNorm: norm,
    weightGradientNorm: norm,
    updateRatio: z.number().nullable(),
  }),
);

/**
 * Version of the record. Format 4 has no clean losses; format 3 no checksum either; format 2 also has older names for some
 * members; in format 1, which is not read, some settings have another meaning.
 */
const FORMAT = 5;
const OLDEST = 2;
/** The oldest format with a checksum. */
const CHECKED = 4;
/** Most values in the record: an epoch takes some ten, and some ten for each layer that is watched. */
const MAX_VALUES = 2 ** 21;

const version = z.object({ format: z.int().default(1) });

const header = z.object({
  history: listOf(
    z.object({
      epoch: z.int(),
      learningRate: z.number(),
      trainLoss: z.number(),
      cleanTrainLoss: z.number().optional(),
      cleanTrainScore: z.number().optional(),
      score: z.number(),
      valid: z.object({ loss: z.number() }).catchall(z.number()),
      layers: listOf(layerHealth).optional(),
    }),
  ),
  bestEpoch: z.int(),
  config: named(z.record(z.string(), z.unknown())),
  splitHash: z.string(),
  clips: z.object({ train: z.string(), valid: z.string(), test: z.string() }).optional(),
  frontEndHash: z.string(),
  from: z.string().optional(),
});

/** State of a run after an epoch. */
export interface Checkpoint {
  readonly state: FitState;
  /** The run's settings. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly splitHash: string;
  /** Which clip is in which split, so that the run goes on with them if the data grow; older checkpoints do not say. */
  readonly clips?: SplitRecord | undefined;
  readonly frontEndHash: string;
  /** SHA-256 of the model that the run started from; undefined if its initial weights were drawn. */
  readonly from?: string | undefined;
}

/**
 * Encodes a checkpoint as a safetensors file.
 * @example
 * import { encodeCheckpoint } from "timbrel";
 *
 * const weights = new Map([["output.bias", { shape: [2], data: new Float32Array(2) }]]);
 * const state = { history: [], tensors: weights, best: { epoch: 0, weights } };
 * const bytes = encodeCheckpoint({ state, config: { seed: 1 }, splitHash: "", frontEndHash: "" });
 * console.log(bytes instanceof Uint8Array); // -> true
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  checkObject("checkpoint", checkpoint, "be a checkpoint", { state: "object", config: "object" });
  checkObject("checkpoint.state", checkpoint.state, "be the state of a run", {
    tensors: "map",
    history: "list",
    best: "object",
  });
  const { state, ...run } = checkpoint;
  const tensors = new Map<string, Tensor>(state.tensors);
  for (const [name, tensor] of state.best.weights) tensors.set(BEST + name, tensor);
  const { history, best } = state;
  const record = JSON.stringify({ format: FORMAT, history, bestEpoch: best.epoch, ...run });
  return encodeSafetensors(tensors, { [RECORD]: record, [CHECKSUM]: contentChecksum(record, tensors) });
}

/**
 * Decodes a checkpoint. Whether it holds the whole state of a run is checked when the run is resumed.
 * @param path path of the file, for errors
 * @throws DataError if the file is damaged, or from another version
 * @example
 * import { decodeCheckpoint, encodeCheckpoint } from "timbrel";
 *
 * const state = { history: [], tensors: new Map(), best: { epoch: 0, weights: new Map() } };
 * const bytes = encodeCheckpoint({ state, config: { seed: 1 }, splitHash: "", frontEndHash: "" });
 * console.log(decodeCheckpoint(bytes, "checkpoint.safetensors").config); // -> { seed: 1 }
 */
export function decodeCheckpoint(bytes: Uint8Array | ArrayBuffer, path: string): Checkpoint {
  const file = toBytes("bytes", bytes);
  checkText("path", path);
  const { tensors, metadata } = decodeSafetensors(file, path);
  const text = metadata[RECORD] ?? "null";
  const { format, record } = parseRecord(text, path);
  const { history, bestEpoch, ...run } = record;
  checkContent(path, metadata[CHECKSUM], { text, tensors, isRequired: format >= CHECKED });
  checkHistory(record, path);
  for (const [name, { data }] of tensors) {
    const wrong = data.find((value) => !Number.isFinite(value));
    if (wrong !== undefined)
      throw new DataError(
        path,
        `tensor ${JSON.stringify(name)} holds ${wrong}, which is not a finite number`,
      );
  }
  const isBest = ([name]: [string, Tensor]) => name.startsWith(BEST);
  const entries = [...tensors];
  const best = {
    epoch: bestEpoch,
    weights: new Map(entries.filter(isBest).map(([name, tensor]) => [name.slice(BEST.length), tensor])),
  };
  return { state: { history, tensors: new Map(entries.filter((entry) => !isBest(entry))), best }, ...run };
}

type Header = z.infer<typeof header>;

/** @throws DataError if the epochs are not 1, 2, 3, ..., if the best is none of them, or if the settings are not a run's */
function checkHistory({ history, bestEpoch, config }: Header, path: string): void {
  const wrong = history.findIndex(({ epoch }, i) => epoch !== i + 1);
  if (wrong >= 0)
    throw new DataError(path, `has epoch ${history[wrong].epoch} in the place of epoch ${wrong + 1}`);
  const first = Math.min(1, history.length);
  if (bestEpoch < first || bestEpoch > history.length)
    throw new DataError(path, `names epoch ${bestEpoch} as the best of ${history.length}`);
  try {
    trainConfig(config);
  } catch (cause) {
    throw new DataError(path, `holds settings of no run: ${errorLine(cause)}`, { cause });
  }
}

function parseRecord(text: string, path: string): { format: number; record: Header } {
  let format: number;
  try {
    const record = parseBoundedJson(text, MAX_VALUES);
    ({ format } = version.parse(record));
    if (format >= OLDEST && format <= FORMAT) return { format, record: header.parse(record) };
  } catch (cause) {
    throw new DataError(path, `is not a timbrel checkpoint (${recordProblem(cause).slice(0, 200)})`, {
      cause,
    });
  }
  throw new DataError(
    path,
    `is a checkpoint of another version of timbrel (format ${format}, this one reads ${OLDEST} to ${FORMAT}); start a new run`,
  );
}
