import { UsageError } from "./errors.js";

/** Bounds of a checked number, both inclusive unless said otherwise. */
export interface NumberRule {
  min?: number;
  max?: number;
  /** The number must be strictly greater than this. */
  above?: number;
  /** The number must be strictly less than this. */
  below?: number;
}

function describe(rule: NumberRule): string {
  const parts: string[] = [];
  if (rule.above !== undefined) parts.push(`greater than ${rule.above}`);
  if (rule.min !== undefined) parts.push(`at least ${rule.min}`);
  if (rule.below !== undefined) parts.push(`less than ${rule.below}`);
  if (rule.max !== undefined) parts.push(`at most ${rule.max}`);
  return parts.length > 0 ? ` ${parts.join(" and ")}` : "";
}

function breaks(value: number, rule: NumberRule): boolean {
  return (
    (rule.min !== undefined && value < rule.min) ||
    (rule.max !== undefined && value > rule.max) ||
    (rule.above !== undefined && value <= rule.above) ||
    (rule.below !== undefined && value >= rule.below)
  );
}

/**
 * `value`, if it is a finite number within `rule`.
 * @param where the function or flag that asks, e.g. `melFilterBank: fMax`
 * @throws UsageError otherwise
 */
export function checkNumber(where: string, value: unknown, rule: NumberRule = {}): number {
  if (typeof value !== "number" || !Number.isFinite(value) || breaks(value, rule))
    throw new UsageError(`${where} must be a number${describe(rule)}, got ${String(value)}`);
  return value;
}

/**
 * `value`, if it is an integer within `rule`.
 * @throws UsageError otherwise
 */
export function checkInteger(where: string, value: unknown, rule: NumberRule = {}): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || breaks(value, rule))
    throw new UsageError(`${where} must be an integer${describe(rule)}, got ${String(value)}`);
  return value;
}

/**
 * `value`, if it is one of `choices`; the error suggests the nearest choice.
 * @throws UsageError otherwise
 */
export function checkChoice<T extends string>(where: string, value: unknown, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  const near = nearest(String(value), choices);
  const remedy = near === undefined ? "" : `; did you mean ${near}?`;
  throw new UsageError(`${where} must be one of ${choices.join(", ")}, got ${String(value)}${remedy}`);
}

/** The choice with the smallest edit distance to `value`, if one is near enough to be a typing mistake. */
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
