import { Option } from "commander";
import { durationText, MAX_DURATION_SEC } from "../audio/mono-stream.js";
import {
  checkChoice,
  checkInteger,
  checkIntegers,
  checkNumber,
  type NumberRule,
  quoted,
} from "../core/check.js";
import { UsageError } from "../core/errors.js";

/** The number that a text spells, or the text itself if it is not a number, so that an error can show it. */
export function numberIn(text: string): number | string {
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

const UNITS_SEC: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** The flag for the longest file that is read, in seconds: `12h`, `90m`, `30s` or a number of seconds. */
export function maxDurationOption(): Option {
  const option = new Option("--max-duration <time>", "longest file to read, e.g. 90m, 45s or 3600 (seconds)");
  option.argParser((text) => {
    const [, number = "", unit = "s"] = /^\s*([\d.]+)\s*([smh]?)\s*$/.exec(text) ?? [];
    const sec = Number(number) * UNITS_SEC[unit || "s"];
    if (number !== "" && sec > 0) return sec;
    throw new UsageError({
      setting: option.long!,
      rule: "be a time such as 12h, 90m or 30s",
      got: quoted(text),
    });
  });
  return option.default(MAX_DURATION_SEC, durationText(MAX_DURATION_SEC));
}

/** The flag of a member, e.g. `--n-mels` for `nMels`. */
export function flagOf(member: string): string {
  return `--${member.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
