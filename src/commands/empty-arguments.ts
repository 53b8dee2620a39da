import type { Command } from "commander";
import { UsageError } from "../core/errors.js";

/**
 * Checks that no argument and no flag of a command line is an empty text, as an unset variable of a shell leaves it.
 * @throws UsageError naming the argument, as the help has it, or the flag
 */
export function checkNoneEmpty(command: Command): void {
  const empty = [
    ...command.registeredArguments
      .filter((_, i) => [command.processedArgs[i]].flat().includes(""))
      .map((argument) => `<${argument.name()}>`),
    ...command.options
      .filter((option) => command.getOptionValue(option.attributeName()) === "")
      .map((option) => option.long!),
  ];
  if (empty.length > 0) throw new UsageError({ setting: empty[0], rule: "not be empty", got: '""' });
}
