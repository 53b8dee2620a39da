import { availableParallelism } from "node:os";
import { Option } from "commander";
import { checkChoice, checkInteger, checkIntegers, checkNumber, type NumberRule } from "../core/check.js";

/** The number that a text spells, or the text itself if it is not a number, so that an error can show it. */
function numberIn(text: string): number | string {
  return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

function withDefault(option: Option, value: unknown): Option {
  return value === undefined ? option : option.default(value);
}

type NumberOption = (flags: string, description: string, rule: NumberRule, defaultValue?: number) => Option;

const checkedOption =
  (check: typeof checkNumber): NumberOption =>
  (flags, description, rule, defaultValue) => {
    const option = new Option(flags, description);
    option.argParser((text) => check(option.long!, numberIn(text), rule));
    return withDefault(option, defaultValue);
  };

/** A flag whose value is an integer within `rule`. */
export const integerOption = checkedOption(checkInteger);

/** A flag whose value is a number within `rule`. */
export const numberOption = checkedOption(checkNumber);

/** A flag whose value is one of `choices`. */
export function choiceOption(
  flags: string,
  description: string,
  choices: readonly string[],
  defaultValue?: string,
): Option {
  const option = new Option(flags, `${description}: ${choices.join(", ")}`);
  option.argParser((text) => checkChoice(option.long!, text, choices));
  return withDefault(option, defaultValue);
}

/** A flag whose value is a comma-separated list of integers. */
export function integersOption(flags: string, description: string, rule: NumberRule): Option {
  const option = new Option(flags, description);
  option.argParser((text) => checkIntegers(option.long!, text.split(",").map(numberIn), rule));
  return option;
}

/** The flag for the threads of ONNX Runtime. */
export function threadsOption(): Option {
  const option = integerOption("--threads <n>", "threads of ONNX Runtime", { min: 1, max: 1024 });
  return option.default(availableParallelism(), "one per core");
}

/** The flag of a member, e.g. `--n-mels` for `nMels`. */
export function flagOf(member: string): string {
  return `--${member.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
