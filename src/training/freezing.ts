import { counted } from "../core/counted.js";
import { UsageError } from "../core/errors.js";
import type { Freeze, StartConfig } from "./config.js";

const HEAD = "output";
const blockOf = (name: string) => name.slice(0, name.indexOf("."));

/** The blocks of a net from the input on, for the names of its tensors: all layers but the last. */
export function bodyOf(names: Iterable<string>): string[] {
  return [...new Set([...names].map(blockOf))].filter((block) => block !== HEAD);
}

/**
 * The number of blocks, from the input on, that are frozen in an epoch.
 *
 *   gradual:  max(0, nBlocks - floor(2 * nBlocks * (epoch - 1) / epochs))
 *
 * @param run.epoch number of the epoch, from 1
 * @throws UsageError if there are fewer blocks than are to be frozen
 */
export function frozenCount(
  freeze: Freeze,
  { epoch, epochs, nBlocks }: { epoch: number; epochs: number; nBlocks: number },
): number {
  if (typeof freeze === "number") {
    if (freeze <= nBlocks) return freeze;
    throw new UsageError({
      setting: "start.freeze",
      rule: `be at most ${nBlocks} for the model's ${counted(nBlocks, "block")}`,
      got: freeze,
    });
  }
  if (freeze === "gradual") return Math.max(0, nBlocks - Math.floor((2 * nBlocks * (epoch - 1)) / epochs));
  return { none: 0, half: Math.ceil(nBlocks / 2), body: nBlocks }[freeze];
}

/**
 * Which tensors a training step leaves as they are: those of the frozen blocks, and with "keep" all moving averages of
 * batch norm.
 * @param names names of the net's tensors, in the order of its layers
 * @param nFrozen number of frozen blocks, from the input on
 */
export function fixedNames(
  names: readonly string[],
  nFrozen: number,
  batchNorm: StartConfig["batchNorm"],
): string[] {
  const frozen = new Set(bodyOf(names).slice(0, nFrozen));
  return names.filter(
    (name) => frozen.has(blockOf(name)) || (batchNorm === "keep" && /\.norm\.(?:mean|var)$/.test(name)),
  );
}
