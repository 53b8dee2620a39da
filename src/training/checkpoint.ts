import { z } from "zod";
import { DataError, errorLine } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import type { SplitRecord } from "../dataset/splits.js";
import { ACTIVATION_NAMES } from "../nn/activations.js";
import { currentNames } from "../tagging/format-1.js";
import type { FitState } from "./fit.js";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.js";

const BEST = "best/";

/** Parses a record whose members may have the names of format 2. */
function named<T>(schema: z.ZodType<T, Record<string, unknown>>) {
  return z.record(z.string(), z.unknown()).transform(currentNames).pipe(schema);
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

/** Version of the record. Format 2 has older names for some members; in format 1 some settings have another meaning. */
const FORMAT = 3;

const version = z.object({ format: z.number().default(1) });

const header = z.object({
  history: z.array(
    z.object({
      epoch: z.number(),
      learningRate: z.number(),
      trainLoss: z.number(),
      score: z.number(),
      valid: z.record(z.string(), z.number()),
      layers: z.array(layerHealth).optional(),
    }),
  ),
  bestEpoch: z.number(),
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
export function encodeCheckpoint({ state, ...run }: Checkpoint): Uint8Array {
  const tensors = new Map<string, Tensor>(state.tensors);
  for (const [name, tensor] of state.best.weights) tensors.set(BEST + name, tensor);
  const { history, best } = state;
  const metadata = { timbrel: JSON.stringify({ format: FORMAT, history, bestEpoch: best.epoch, ...run }) };
  return encodeSafetensors(tensors, metadata);
}

/**
 * Decodes a checkpoint.
 * @param path path of the file, for errors
 * @throws DataError if the file is damaged, or from another version
 * @example
 * import { decodeCheckpoint, encodeCheckpoint } from "timbrel";
 *
 * const state = { history: [], tensors: new Map(), best: { epoch: 0, weights: new Map() } };
 * const bytes = encodeCheckpoint({ state, config: { seed: 1 }, splitHash: "", frontEndHash: "" });
 * console.log(decodeCheckpoint(bytes, "checkpoint.safetensors").config); // -> { seed: 1 }
 */
export function decodeCheckpoint(bytes: Uint8Array, path: string): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  const { history, bestEpoch, ...run } = parseRecord(metadata["timbrel"] ?? "null", path);
  if (bestEpoch < 0 || bestEpoch > history.length)
    throw new DataError(path, `names epoch ${bestEpoch} as the best of ${history.length}`);
  const isBest = ([name]: [string, Tensor]) => name.startsWith(BEST);
  const entries = [...tensors];
  const best = {
    epoch: bestEpoch,
    weights: new Map(entries.filter(isBest).map(([name, tensor]) => [name.slice(BEST.length), tensor])),
  };
  return { state: { history, tensors: new Map(entries.filter((entry) => !isBest(entry))), best }, ...run };
}

function parseRecord(text: string, path: string): z.infer<typeof header> {
  let format: number;
  try {
    const record = JSON.parse(text);
    ({ format } = version.parse(record));
    if (format === FORMAT || format === 2) return header.parse(record);
  } catch (cause) {
    throw new DataError(path, `is not a timbrel checkpoint (${errorLine(cause).slice(0, 120)})`, {
      cause,
    });
  }
  throw new DataError(
    path,
    `is a checkpoint of another version of timbrel (format ${format}, this one reads 2 and ${FORMAT}); start a new run`,
  );
}
