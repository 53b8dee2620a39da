import { UsageError } from "./errors.js";

/** Bounds that a number is checked against; `min` and `max` are inclusive. */
export interface NumberRule {
  min?: number;
  max?: number;
  /** The number must be strictly greater than this. */
  above?: number;
  /** The number must be strictly less than this. */
  below?: number;
}

/** The text after "a number" or "integers", e.g. ` from 1 to 4096` or ` of at least 0 and less than 1`. */
function rangeText({ min, max, above, below }: NumberRule): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  const bounds = [
    ...(min === undefined ? [] : [`of at least ${min}`]),
    ...(above === undefined ? [] : [`greater than ${above}`]),
    ...(max === undefined ? [] : [`${above === undefined ? "of " : ""}at most ${max}`]),
    ...(below === undefined ? [] : [`less than ${below}`]),
  ];
  return bounds.length === 0 ? "" : ` ${bounds.join(" and ")}`;
}

function isWithin(value: number, { min, max, above, below }: NumberRule): boolean {
  return (
    value >= (min ?? Number.NEGATIVE_INFINITY) &&
    value <= (max ?? Number.POSITIVE_INFINITY) &&
    value > (above ?? Number.NEGATIVE_INFINITY) &&
    value < (below ?? Number.POSITIVE_INFINITY)
  );
}

/** The value as an error shows it: a string is in quotes, so that "5" is not taken for 5. */
export function quoted(value: unknown): unknown {
  return typeof value === "string" ? JSON.stringify(value) : value;
}

const isInteger = (value: unknown, rule: NumberRule): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && isWithin(value, rule);

/**
 * Returns `value` if it is a finite number within `rule`.
 * @param setting its name, e.g. `fMax`, or the flag that sets it
 * @throws UsageError otherwise
 */
export function checkNumber(setting: string, value: unknown, rule: NumberRule = {}): number {
  if (typeof value !== "number" || !Number.isFinite(value) || !isWithin(value, rule))
    throw new UsageError({ setting, rule: `be a number${rangeText(rule)}`, got: quoted(value) });
  return value;
}

/**
 * Returns `value` if it is an integer within `rule`.
 * @param setting its name, or the flag that sets it
 * @throws UsageError otherwise
 */
export function checkInteger(setting: string, value: unknown, rule: NumberRule = {}): number {
  if (!isInteger(value, rule))
    throw new UsageError({ setting, rule: `be an integer${rangeText(rule)}`, got: quoted(value) });
  return value;
}

/**
 * Returns `value` if it is a non-empty list of integers within `rule`.
 * @param setting its name, or the flag that sets it
 * @throws UsageError otherwise
 */
export function checkIntegers(setting: string, value: unknown, rule: NumberRule = {}): number[] {
  if (!Array.isArray(value) || value.length === 0 || !value.every((item) => isInteger(item, rule)))
    throw new UsageError({ setting, rule: `be a list of integers${rangeText(rule)}`, got: quoted(value) });
  return value;
}

/**
 * Returns `value` if it is one of `choices`; the error suggests the nearest choice.
 * @param setting its name, or the flag that sets it
 * @throws UsageError otherwise
 */
export function checkChoice<T extends string>(setting: string, value: unknown, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  const near = typeof value === "string" ? nearest(value, choices) : undefined;
  const remedy = near === undefined ? undefined : `did you mean ${near}?`;
  const rule = choices.length === 1 ? `be ${choices[0]}` : `be one of ${choices.join(", ")}`;
  throw new UsageError({ setting, rule, got: value === "" ? quoted(value) : value, remedy });
}

/**
 * Checks that every name is a known setting; the error suggests the nearest one.
 * @param setting what the settings belong to, e.g. `optimizer`
 * @throws UsageError naming the first unknown one
 */
export function checkNames(setting: string, names: Iterable<string>, known: readonly string[]): void {
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const remedy = near === undefined ? undefined : `did you mean \`${near}\`?`;
    throw new UsageError({ setting, rule: `have no settings but ${known.join(", ")}`, got: name, remedy });
  }
}

/** The choice with the smallest edit distance to `value`, if one is close enough to be a typo. */
export function nearest(value: string, choices: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(value.length / 3)) + 1;
  for (const choice of choices) {
    const distance = editDistance(value.toLowerCase(), choice.toLowerCase());
    if (distance < bestDistance) {
      best = choice;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance: insertions, deletions and substitutions cost 1. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}
