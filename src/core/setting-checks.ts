import { checkChoice, checkInteger, checkNumber, type NumberRule } from "./check.js";
import { UsageError } from "./errors.js";

/** Throws a UsageError that starts with `where` if a setting may not have this value. */
export type Check = (where: string, value: unknown) => void;

/** A check of every setting but `kind`. */
export type SettingChecks<Config> = {
  readonly [Name in Exclude<keyof Config, "kind">]-?: Check;
};

/** The checks of settings that come in kinds, by kind. */
export type KindChecks<Config extends { readonly kind: string }> = {
  readonly [Kind in Config["kind"]]: SettingChecks<Extract<Config, { kind: Kind }>>;
};

export function number(rule: NumberRule): Check {
  return (where, value) => checkNumber(where, value, rule);
}

/** In [0, 1). */
export const fraction = number({ min: 0, below: 1 });
export const positive = number({ above: 0 });
export const notNegative = number({ min: 0 });

export function integer(min: number): Check {
  return (where, value) => checkInteger(where, value, { min });
}

export function choice(choices: readonly string[]): Check {
  return (where, value) => checkChoice(where, value, choices);
}

export const boolean: Check = (where, value) => {
  if (typeof value !== "boolean")
    throw new UsageError(`${where} must be true or false, got ${String(value)}`);
};

export function optional(check: Check): Check {
  return (where, value) => value === undefined || check(where, value);
}

/** Checks `kind`, and that the members are those of this kind. */
export function byKind<Config extends { readonly kind: string }>(checks: KindChecks<Config>): Check {
  const kinds = new Map<string, Readonly<Record<string, Check>>>(Object.entries(checks));
  return (where, value) => {
    const members = new Map<string, unknown>(Object.entries(Object(value)));
    const kind = checkChoice(`${where}.kind`, members.get("kind"), [...kinds.keys()]);
    const own = kinds.get(kind)!;
    for (const name of members.keys())
      checkChoice(`${where}: a setting of ${kind}`, name, ["kind", ...Object.keys(own)]);
    for (const [name, check] of Object.entries(own)) check(`${where}.${name}`, members.get(name));
  };
}
