import { z } from "zod";
import type { Tensor } from "../core/tensor.js";
import { type NetSettings, netConfig } from "../nn/architectures.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import type { BatchNormSettings } from "../nn/layers.js";

/** Old names of members of records, mapped to today's names. */
const RENAMED = new Map([
  ["averageDecay", "emaDecay"],
  ["validShare", "validFraction"],
  ["testShare", "testFraction"],
  ["idleShare", "inactiveFraction"],
]);

/** Returns the record with its members under today's names; a record that has them already is unchanged. */
export function currentNames(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [RENAMED.get(name) ?? name, value]),
  );
}

/** Batch norm where the oldest files do not name its settings. */
const BATCH_NORM: BatchNormSettings = { epsilon: 1e-5, momentum: 0.1 };

const recordSchema = z.looseObject({
  split: z.record(z.string(), z.unknown()),
  config: z.looseObject({
    net: z.looseObject({ kind: z.string() }),
    optimizer: z.looseObject({ kind: z.string() }),
    /** Replaced by `normalize` in all but the oldest files. */
    standardize: z.unknown().optional(),
    normalize: z.looseObject({ kind: z.string() }).optional(),
  }),
});

/**
 * Converts the metadata of a model file from format 1 to format 2. The oldest files are the ones with `standardize`:
 * their net has only some of today's settings, and their "adam" is today's "adamw".
 * @throws ZodError or UsageError if the record is damaged
 */
export function upgradeRecord(record: unknown): unknown {
  const { split, config, ...rest } = recordSchema.parse(record);
  const { standardize, ...settings } = config;
  const net = netConfig({ batchNorm: BATCH_NORM, ...settings.net } as NetSettings);
  const { kind } = settings.optimizer;
  const oldest = {
    normalize: { kind: "standardize", over: standardize },
    optimizer: { ...settings.optimizer, kind: kind === "adam" ? "adamw" : kind },
  };
  const upgraded = { ...settings, net, ...(standardize === undefined ? {} : oldest) };
  return {
    ...rest,
    format: 2,
    net,
    normalization: upgraded.normalize?.kind,
    split: currentNames(split),
    config: currentNames(upgraded),
  };
}

/**
 * Returns the tensors of a format 1 file with mean and deviation under today's names. In the file they are the first
 * constants of the graph: `const_0` and `const_2`, or only `const_0` if they are equal.
 */
export function upgradeTensors(
  tensors: ReadonlyMap<string, Tensor>,
  normalization: InputNormalization["kind"],
): ReadonlyMap<string, Tensor> {
  const mean = tensors.get("const_0");
  if (normalization === "none" || mean === undefined) return tensors;
  const named = new Map(tensors).set("normalization.mean", mean);
  if (normalization === "standardize") named.set("normalization.std", tensors.get("const_2") ?? mean);
  return named;
}
