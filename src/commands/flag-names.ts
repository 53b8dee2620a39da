import type { Command } from "commander";
import { DataError, errorLine, UsageError } from "../core/errors.js";

/** Flags of settings that have another name in the library. */
const FLAGS: ReadonlyMap<string, string> = new Map([
  ["nWorkers", "--workers"],
  ["outDir", "--out"],
  ["net.batchNorm.epsilon", "--bn-epsilon"],
  ["net.batchNorm.momentum", "--bn-momentum"],
  ["net.units", "--channels"],
  ["normalize.over", "--standardize"],
  ["schedule.everyEpochs", "--drop-epochs"],
  ["schedule.factor", "--drop-factor"],
  ["schedule.patience", "--drop-epochs"],
]);

/** Settings whose members have flags of their own: `--momentum` for `optimizer.momentum`, `--net` for `net.kind`. */
const GROUPS = ["compression", "net", "normalize", "optimizer", "schedule"];

/**
 * The flag that gives a setting to a command. Undefined if it has none; a flag such as `--no-balance` says the opposite of
 * its setting and is not named for it.
 * @param setting its name in the library, dotted where it is nested
 */
export function flagFor(setting: string, command: Command): string | undefined {
  const [group, member] = setting.split(/\.(.*)/s);
  const name = !GROUPS.includes(group) || member === undefined ? setting : member === "kind" ? group : member;
  const flag = FLAGS.get(setting);
  const option = command.options.find((each) =>
    flag === undefined ? !each.negate && each.attributeName() === name : each.long === flag,
  );
  return option?.long;
}

/** A text of the library with its settings as flags of a command: those in backticks; the others lose the backticks. */
export function withFlags(text: string, command: Command): string {
  return text.replace(/`([\w.]+)`/g, (_, setting: string) => flagFor(setting, command) ?? setting);
}

/**
 * What an error says, on one line, with settings as flags.
 * @param command the one that ran; undefined before any did
 */
export function errorText(error: unknown, command?: Command): string {
  if (command === undefined) return errorLine(error);
  if (error instanceof UsageError) {
    const { setting, rule, got, remedy } = error;
    return new UsageError({
      setting: flagFor(setting, command) ?? setting,
      rule: withFlags(rule, command),
      got,
      remedy: remedy && withFlags(remedy, command),
    }).message;
  }
  if (error instanceof DataError)
    return errorLine(new DataError(error.path, withFlags(error.reason, command)));
  return errorLine(error);
}
