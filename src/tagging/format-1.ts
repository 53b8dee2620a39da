import { z } from "zod";
import type { Tensor } from "../core/tensor.js";
import { type NetSettings, netConfig } from "../nn/architectures.js";
import type { InputNormalization } from "../nn/input-normalization.js";

/** Members of records by their old names, and their names of today. */
const RENAMED = new Map([
  ["averageDecay", "emaDecay"],
  ["validShare", "validFraction"],
  ["testShare", "testFraction"],
  ["idleShare", "inactiveFraction"],
]);

/** The record with its members under today's names; a record of today stays as it is. */
export function todaysNames(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [RENAMED.get(name) ?? name, value]),
  );
}

const recordSchema = z.looseObject({
  split: z.record(z.string(), z.unknown()),
  config: z.looseObject({
    net: z.looseObject({ kind: z.string() }),
    optimizer: z.looseObject({ kind: z.string() }),
    /** In the oldest files, in place of `normalize`. */
    standardize: z.unknown().optional(),
    normalize: z.looseObject({ kind: z.string() }).optional(),
  }),
});

/**
 * The metadata of a model file of format 1, as format 2 has them. The oldest files are those with a `standardize`: their
 * net has only some of today's settings, and their "adam" is what is "adamw" today.
 * @throws ZodError or UsageError if the record is damaged
 */
export function upgradeRecord(record: unknown): unknown {
  const { split, config, ...rest } = recordSchema.parse(record);
  const { standardize, ...settings } = config;
  const net = netConfig(settings.net as NetSettings);
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
    split: todaysNames(split),
    config: todaysNames(upgraded),
  };
}

/**
 * The tensors of a file of format 1, mean and deviation under today's names. They were the first constants of its graph:
 * `const_0` and `const_2`, or `const_0` twice if they were equal.
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
