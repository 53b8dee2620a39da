import { checkChoice, checkInteger, checkNames, checkNumber, type NumberRule, quoted } from "./check.js";
import { UsageError } from "./errors.js";
import { checkText, kindOf } from "./inputs.js";

/** Throws a UsageError naming the setting if it may not have this value. */
export type Check = (setting: string, value: unknown) => void;

/** One check for every setting except `kind`. */
export type SettingChecks<Config> = {
  readonly [Name in Exclude<keyof Config, "kind">]-?: Check;
};

/** The checks for each kind of a record that has several kinds. */
export type KindChecks<Config extends { readonly kind: string }> = {
  readonly [Kind in Config["kind"]]: SettingChecks<Extract<Config, { kind: Kind }>>;
};

export function number(rule: NumberRule): Check {
  return (setting, value) => checkNumber(setting, value, rule);
}

/** In [0, 1). */
export const fraction = number({ min: 0, below: 1 });
export const positive = number({ above: 0 });
export const notNegative = number({ min: 0 });

export function integer(min: number, max?: number): Check {
  const rule = max === undefined ? { min } : { min, max };
  return (setting, value) => checkInteger(setting, value, rule);
}

export function choice(choices: readonly string[]): Check {
  return (setting, value) => checkChoice(setting, value, choices);
}

export const boolean: Check = (setting, value) => {
  if (typeof value !== "boolean")
    throw new UsageError({ setting, rule: "be true or false", got: quoted(value) });
};

export const text: Check = checkText;

export const callback: Check = (setting, value) => {
  if (typeof value !== "function")
    throw new UsageError({ setting, rule: "be a function", got: kindOf(value) });
};

export const abortSignal: Check = (setting, value) => {
  const { aborted, addEventListener } = Object(value);
  if (typeof aborted !== "boolean" || typeof addEventListener !== "function")
    throw new UsageError({ setting, rule: "be an AbortSignal", got: kindOf(value) });
};

export function optional(check: Check): Check {
  return (setting, value) => value === undefined || check(setting, value);
}

/** Allows null and undefined. */
export function nullable(check: Check): Check {
  return (setting, value) => value === null || value === undefined || check(setting, value);
}

/** One check for every option of a function. */
export type OptionChecks<Options> = { readonly [Name in keyof Options]-?: Check };

/**
 * Checks that a value is an object with no options but these, and each of them.
 * @throws UsageError naming the first that is unknown or wrong
 */
export function checkOptions<Options>(value: unknown, checks: OptionChecks<Options>): void {
  if (Object.prototype.toString.call(value) !== "[object Object]")
    throw new UsageError({ setting: "options", rule: "be an object of settings", got: kindOf(value) });
  const options = value as Readonly<Record<string, unknown>>;
  checkNames("options", Object.keys(options), Object.keys(checks));
  for (const [name, check] of Object.entries<Check>(checks)) check(name, options[name]);
}

/** Checks `kind`, that the record has no settings except those of this kind, and each of these. */
export function byKind<Config extends { readonly kind: string }>(checks: KindChecks<Config>): Check {
  const kinds = new Map<string, Readonly<Record<string, Check>>>(Object.entries(checks));
  return (setting, value) => {
    const members = new Map<string, unknown>(Object.entries(Object(value)));
    const kind = checkChoice(`${setting}.kind`, members.get("kind"), [...kinds.keys()]);
    const own = kinds.get(kind)!;
    checkNames(setting, members.keys(), ["kind", ...Object.keys(own)]);
    for (const [name, check] of Object.entries(own)) check(`${setting}.${name}`, members.get(name));
  };
}
