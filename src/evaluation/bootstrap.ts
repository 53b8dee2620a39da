import { Random } from "../core/random.js";
import type { Interval } from "./scores.js";

/** Number of resamples of an interval: enough for its ends to repeat within a twentieth of its width. */
export const RESAMPLES = 1000;

/**
 * Fewest groups from which anything is concluded about others. Of n groups, all favour one of two equally good models in one
 * of 2^(n-1) samples: with 5, that is more often than 1 time in 20. As often, all n scores are on one side of their true median.
 */
export const FEWEST_GROUPS = 6;

/** A score that is computed twice has the same interval, and two models are scored on the same resamples. */
const SEED = "bootstrap";

/**
 * Draws as many groups as there are, with replacement, again and again.
 *
 * Clips of one group are alike: one instrument, one album. Drawing them one by one would take them for independent, and
 * the interval would be too narrow.
 * @param groups the group of each clip
 * @param use called with how often each clip is drawn; the array is overwritten by the next resample
 */
export function resampleGroups(
  groups: readonly string[],
  resamples: number,
  use: (counts: Uint32Array, resample: number) => void,
): void {
  const random = new Random(SEED);
  const { indices, nGroups } = groupIndices(groups);
  const drawn = new Uint32Array(nGroups);
  const counts = new Uint32Array(groups.length);
  for (let resample = 0; resample < resamples; resample++) {
    drawn.fill(0);
    for (let draw = 0; draw < nGroups; draw++) drawn[random.integer(nGroups)]++;
    for (let clip = 0; clip < counts.length; clip++) counts[clip] = drawn[indices[clip]];
    use(counts, resample);
  }
}

/** Numbers the groups in the order of their first clips. */
export function groupIndices(groups: readonly string[]): { indices: Uint32Array; nGroups: number } {
  const numbers = new Map<string, number>();
  const indices = Uint32Array.from(groups, (group) => {
    const number = numbers.get(group) ?? numbers.size;
    numbers.set(group, number);
    return number;
  });
  return { indices, nGroups: numbers.size };
}

/**
 * Percentiles 2.5 and 97.5 of a score over the resamples in which it is defined; null if it is not, or was not resampled.
 * @param score of the clips themselves
 */
export function intervalOf(score: number, resampled: Float64Array): Interval | null {
  const values = resampled.filter((value) => !Number.isNaN(value)).sort();
  if (Number.isNaN(score) || values.length === 0) return null;
  return [values[Math.floor(0.025 * values.length)], values[Math.ceil(0.975 * values.length) - 1]];
}
