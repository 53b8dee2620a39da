import { checkInteger, checkNumber } from "../core/check.js";
import { DataError, UsageError } from "../core/errors.js";
import { hashRecord } from "../core/hash.js";
import type { Clip } from "./clip.js";
import { drawSplits } from "./draw-splits.js";
import { joinGroups } from "./groups.js";
import { SPLITS, type Split } from "./split-names.js";

/** The clips of each split, and a hash of the assignment. */
export interface ClipSplits {
  readonly train: readonly Clip[];
  readonly valid: readonly Clip[];
  readonly test: readonly Clip[];
  /** SHA-256 over every clip's name, audio, labels and split: equal for equal splits, in any order of the files. */
  readonly hash: string;
}

/**
 * Assigns clips to train, validation and test.
 *
 * If the clips name their splits, those are used; a validation or test split that no clip names is drawn from train. If
 * they name none, both are drawn. The draw is seeded, keeps every group in one split, and gives every split its
 * fraction of each class, as nearly as the groups allow and at least one group. A clip with several labels counts for
 * each. Clips that all name test (or valid) stay there: a set to evaluate on has no train split.
 * @param options `validFraction` and `testFraction`: fraction of the clips to draw, in [0, 1), `@default` 0.15 each;
 *   0 leaves the split empty. `seed`, `@default` 0
 * @throws UsageError for a fraction out of range
 * @throws DataError if only some clips name a split, if a group or the same audio is in two of the named splits, or if a
 *   class has too few groups to be in every split
 * @example
 * import { splitClips } from "timbrel";
 *
 * const clips = Array.from({ length: 20 }, (_, i) => {
 *   const labels = [i % 2 === 0 ? "bass" : "flute"];
 *   return { name: `${i}`, audioHash: `${i}`, labels, group: `${i}`, split: null, durationSec: 3, nFrames: 130 };
 * });
 * const { train, valid, test } = splitClips(clips, { seed: 1, validFraction: 0.2, testFraction: 0.2 });
 * console.log(train.length, valid.length, test.length); // -> 12 4 4
 */
export function splitClips(
  clips: readonly Clip[],
  options: { seed?: number; validFraction?: number; testFraction?: number } = {},
): ClipSplits {
  const { seed = 0, validFraction = 0.15, testFraction = 0.15 } = options;
  checkInteger("seed", seed);
  checkNumber("validFraction", validFraction, { min: 0, below: 1 });
  checkNumber("testFraction", testFraction, { min: 0, below: 1 });
  if (validFraction + testFraction >= 1)
    throw new UsageError({
      setting: "validFraction",
      rule: "add up to less than 1 with `testFraction`",
      got: `${validFraction} + ${testFraction}`,
    });

  const sorted = joinGroups(clips).sort(byName);
  const named = sorted.filter((clip) => clip.split !== null);
  if (named.length > 0 && named.length < sorted.length)
    throw new DataError(
      null,
      `${named.length} of ${sorted.length} clips name a split, but the others, e.g. ${sorted.find((clip) => clip.split === null)!.name}, do not; name one for every clip or for none`,
    );
  checkGroupsInOneSplit(named);
  const splits: Record<Split, Clip[]> = { train: [], valid: [], test: [] };
  for (const clip of named) splits[clip.split!].push(clip);

  const pool = named.length > 0 ? splits.train : sorted;
  const fractions = {
    valid: splits.valid.length > 0 ? 0 : validFraction,
    test: splits.test.length > 0 ? 0 : testFraction,
  };
  const drawn = drawSplits(pool, { train: 1 - fractions.valid - fractions.test, ...fractions }, seed);
  splits.train = pool.filter((clip) => drawn.get(clip.group) === "train");
  for (const split of ["valid", "test"] as const)
    if (splits[split].length === 0) splits[split] = pool.filter((clip) => drawn.get(clip.group) === split);
  return { ...splits, hash: hashSplits(splits) };
}

/** Length of one entry of a `SplitRecord` [hex digits]. */
export const RECORD_KEY = 12;

/** Says which clip was in which split: 12 hex digits for each clip, of a hash of its name, audio and labels, joined. */
export type SplitRecord = Readonly<Record<Split, string>>;

const keyOf = ({ name, audioHash, labels }: Clip) =>
  hashRecord([name, audioHash, labels]).slice(0, RECORD_KEY);

/** Returns the record of some splits. */
export function recordSplits(splits: ClipSplits): SplitRecord {
  const keys = (split: Split) => splits[split].map(keyOf).join("");
  return { train: keys("train"), valid: keys("valid"), test: keys("test") };
}

/** The splits in a record, without the clips that it does not have. Their hash says whether all clips are still there. */
export function splitsOfRecord(clips: readonly Clip[], record: SplitRecord): ClipSplits {
  const splitOf = new Map<string, Split>();
  for (const split of SPLITS)
    for (let i = 0; i < record[split].length; i += RECORD_KEY)
      splitOf.set(record[split].slice(i, i + RECORD_KEY), split);
  const splits: Record<Split, Clip[]> = { train: [], valid: [], test: [] };
  for (const clip of joinGroups(clips).sort(byName)) {
    const split = splitOf.get(keyOf(clip));
    if (split !== undefined) splits[split].push(clip);
  }
  return { ...splits, hash: hashSplits(splits) };
}

function byName(a: Clip, b: Clip): number {
  const [keyA, keyB] = [`${a.name}\n${a.audioHash}`, `${b.name}\n${b.audioHash}`];
  return keyA < keyB ? -1 : keyA > keyB ? 1 : 0;
}

function hashSplits(splits: Record<Split, Clip[]>): string {
  return hashRecord(
    SPLITS.map((split) => [
      split,
      splits[split].map(({ name, audioHash, labels }) => [name, audioHash, labels]),
    ]),
  );
}

/** Groups that hold the same audio are already joined, so this finds copies in two splits, too. */
function checkGroupsInOneSplit(clips: readonly Clip[]): void {
  const firstOf = new Map<string, Clip>();
  for (const clip of clips) {
    const first = firstOf.get(clip.group);
    if (first === undefined) firstOf.set(clip.group, clip);
    else if (first.split !== clip.split) {
      const what = first.audioHash === clip.audioHash ? "the same audio" : `group ${clip.group}`;
      throw new DataError(
        null,
        `${what} is in two splits, ${first.name} in ${first.split} and ${clip.name} in ${clip.split}; move one of them`,
      );
    }
  }
}
