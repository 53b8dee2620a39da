import { Command } from "commander";
import type { DataFinding } from "../dataset/check-data.js";
import { minBands, type NETS } from "../nn/architectures.js";
import { print, say } from "../report/terminal.js";
import type { FeatureStore } from "../store/store.js";
import { TRAIN_DEFAULTS } from "../training/config.js";
import { commandLine } from "./command-line.js";
import { DATA_SETTINGS } from "./data-settings.js";
import { withFlags } from "./flag-names.js";

/** Prints what was found about the data that does not keep a run from starting. */
export function sayWarnings(findings: readonly DataFinding[], command: Command): void {
  for (const { message, blocks } of findings) if (!blocks) say(`warning: ${wordedFor(command, message)}`);
}

/**
 * Prints the command to go on with: to train, if a run with the default settings would start; otherwise what keeps it
 * from starting.
 * @param run.from path of a model with this front end, to start from
 */
export function sayNext(
  { dir, frontEnd }: FeatureStore,
  findings: readonly DataFinding[],
  { command, from }: { command: Command; from: string | undefined },
): void {
  const blocking = findings.filter(({ blocks }) => blocks);
  for (const { message } of blocking) print(`cannot train on these clips: ${wordedFor(command, message)}`);
  if (blocking.length > 0) print(`to evaluate a model on them: ${commandLine("evaluate", ["<model>", dir])}`);
  else {
    const flags = from === undefined ? netFlags(frontEnd.nMels) : ["--from", from];
    print(`next: ${commandLine("train", [dir, "--out", "models/mine", ...flags])}`);
  }
}

/** Words settings as flags of `extract` or, where it has none, of `train`. */
function wordedFor(command: Command, message: string): string {
  const both = new Command();
  for (const option of [...command.options, ...DATA_SETTINGS.map((setting) => setting.option)])
    both.addOption(option);
  return withFlags(message, both);
}

/** Flags that fit the default net to the number of bands: fewer blocks if there are too few. */
function netFlags(nMels: number): string[] {
  const net = TRAIN_DEFAULTS.net as typeof NETS.vgg;
  const fits = (nBlocks: number) => minBands({ ...net, pools: net.pools.slice(0, nBlocks) }) <= nMels;
  let nBlocks = net.channels.length;
  while (nBlocks > 1 && !fits(nBlocks)) nBlocks--;
  return nBlocks === net.channels.length ? [] : ["--channels", net.channels.slice(0, nBlocks).join(",")];
}
