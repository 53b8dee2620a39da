import type { Command } from "commander";
import { DataError, errorLine, UsageError } from "../core/errors.js";

/** Flags whose settings have a different name in the library. */
const FLAGS: ReadonlyMap<string, string> = new Map([
  ["nWorkers", "--workers"],
  ["maxDurationSec", "--max-duration"],
  ["other", "--compare"],
  ["outDir", "--out"],
  ["segments.hopSec", "--hop"],
  ["net.batchNorm.epsilon", "--bn-epsilon"],
  ["net.batchNorm.momentum", "--bn-momentum"],
  ["net.units", "--channels"],
  ["normalize.over", "--standardize"],
  ["schedule.everyEpochs", "--drop-epochs"],
  ["schedule.factor", "--drop-factor"],
  ["schedule.patience", "--drop-epochs"],
  ["start.batchNorm", "--bn-statistics"],
]);

/** Settings whose members have flags of their own: `--momentum` for `optimizer.momentum`, `--net` for `net.kind`. */
const GROUPS = ["compression", "net", "normalize", "optimizer", "schedule", "start"];

/**
 * Returns a command's flag for a setting, or undefined if it has none. A flag such as `--no-balance` does not count, as
 * it says the opposite of its setting.
 * @param setting name in the library, with dots if nested
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

/** Replaces a text's settings in backticks by flags of a command; those without a flag only lose the backticks. */
export function withFlags(text: string, command: Command): string {
  return text.replace(/`([\w.]+)`/g, (_, setting: string) => flagFor(setting, command) ?? setting);
}

/**
 * A problem's line, `<path>: <reason>`, with settings as flags. Only what follows the last colon is reworded: backticks
 * before it may belong to the path.
 */
export function lineWithFlags(line: string, command: Command): string {
  const start = line.lastIndexOf(": ") + 1;
  return line.slice(0, start) + withFlags(line.slice(start), command);
}

/**
 * The message of an error, on one line, with settings as flags.
 * @param command command that ran; undefined if none has run yet
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
