import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { DataError, errorLine } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import { ACTIVATION_NAMES } from "../nn/activations.js";
import { writeAtomically } from "../store/atomic-file.js";
import type { FitState } from "./fit.js";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.js";

const BEST = "best/";

/** JSON writes what is no finite number as null; an exploded norm is Infinity again when it is read. */
const norm = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.POSITIVE_INFINITY);

const layerHealth = z.object({
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
});

/** Version of the record; a checkpoint of another one holds settings that would be read with another meaning. */
const FORMAT = 2;

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
  config: z.record(z.string(), z.unknown()),
  splitHash: z.string(),
  frontEndHash: z.string(),
});

/** A run as it stood after an epoch. */
export interface Checkpoint {
  readonly state: FitState;
  /** The run's settings. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly splitHash: string;
  readonly frontEndHash: string;
}

/** Writes a checkpoint; a run killed meanwhile leaves the one before. */
export function writeCheckpoint(path: string, { state, ...run }: Checkpoint): void {
  const tensors = new Map<string, Tensor>(state.tensors);
  for (const [name, tensor] of state.best.weights) tensors.set(BEST + name, tensor);
  const { history, best } = state;
  const metadata = { timbrel: JSON.stringify({ format: FORMAT, history, bestEpoch: best.epoch, ...run }) };
  writeAtomically(path, encodeSafetensors(tensors, metadata));
}

/**
 * Reads a checkpoint, or null where there is none.
 * @throws DataError if the file is damaged, or of another version
 */
export function readCheckpoint(path: string): Checkpoint | null {
  if (!existsSync(path)) return null;
  const { tensors, metadata } = decodeSafetensors(readFileSync(path), path);
  const { history, bestEpoch, ...run } = parseRecord(metadata["timbrel"] ?? "null", path);
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
    if (format === FORMAT) return header.parse(record);
  } catch (cause) {
    throw new DataError(path, `is not a checkpoint of timbrel (${errorLine(cause).slice(0, 120)})`, {
      cause,
    });
  }
  throw new DataError(
    path,
    `is a checkpoint of another version of timbrel (format ${format}, this one reads ${FORMAT}); start anew with \`overwrite\``,
  );
}
