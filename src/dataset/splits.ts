import { checkChoice, checkInteger } from "../core/check.js";
import { counted } from "../core/counted.js";
import { DataError, UsageError } from "../core/errors.js";
import { hashRecord } from "../core/hash.js";
import { checkList, checkObject } from "../core/inputs.js";
import { checkOptions, fraction, optional } from "../core/setting-checks.js";
import type { Clip } from "./clip.js";
import { drawSplits } from "./draw-splits.js";
import { joinGroups, membersOfGroups } from "./groups.js";
import { isBackground, lacksLabels } from "./known-labels.js";
import { SPLITS, type Split } from "./split-names.js";
import { chainText, groupText, tieChain, tieText } from "./ties.js";

/** The clips of each split, and a hash of the assignment. */
export interface ClipSplits {
  readonly train: readonly Clip[];
  readonly valid: readonly Clip[];
  readonly test: readonly Clip[];
  /** SHA-256 over every clip's name, audio, labels and split: equal for equal splits, in any order of the files. */
  readonly hash: string;
}

/** How clips are drawn, see `splitClips`. */
export interface SplitOptions {
  readonly seed?: number;
  readonly validFraction?: number;
  readonly testFraction?: number;
}

/** How a training run splits its clips unless its settings say otherwise. */
export const RUN_SPLITS = { seed: 1, validFraction: 0.15, testFraction: 0.15 } as const;

/**
 * Assigns clips to train, validation and test.
 *
 * If the clips name their splits, those are used; a validation or test split that no clip names is drawn from train. If
 * they name none, both are drawn. The draw is seeded, keeps every group in one split, and gives every split its
 * fraction of each class, as nearly as the groups allow and at least one group. A clip with several labels counts for
 * each, and the most even of several draws is taken. Clips that all name test (or valid) stay there: a set to evaluate on has no train split.
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
export function splitClips(clips: readonly Clip[], options: SplitOptions = {}): ClipSplits {
  checkClips(clips);
  checkOptions<SplitOptions>(options, {
    seed: optional(checkInteger),
    validFraction: optional(fraction),
    testFraction: optional(fraction),
  });
  const { seed = 0, validFraction = 0.15, testFraction = 0.15 } = options;
  if (validFraction + testFraction >= 1)
    throw new UsageError({
      setting: "validFraction",
      rule: "add up to less than 1 with `testFraction`",
      got: `${validFraction} + ${testFraction}`,
    });

  checkNamedSplits(clips);
  const { sorted, background } = apart(joinGroups(clips).sort(byName));
  const named = sorted.filter((clip) => clip.split !== null);
  const splits: Record<Split, Clip[]> = { train: [], valid: [], test: [] };
  for (const clip of named) splits[clip.split!].push(clip);

  const pool = named.length > 0 ? splits.train : sorted;
  const fractions = {
    valid: splits.valid.length > 0 ? 0 : validFraction,
    test: splits.test.length > 0 ? 0 : testFraction,
  };
  const members = membersOfGroups(clips);
  const drawn = drawSplits(
    pool,
    { train: 1 - fractions.valid - fractions.test, ...fractions },
    { seed, tieOf: (group) => tieText([...members.get(group)!].sort(byName)) },
  );
  splits.train = pool.filter((clip) => drawn.get(clip.group) === "train");
  for (const split of ["valid", "test"] as const)
    if (splits[split].length === 0) splits[split] = pool.filter((clip) => drawn.get(clip.group) === split);
  addBackground(splits, background, { seed, validFraction, testFraction });
  return { ...splits, hash: hashSplits(splits) };
}

/**
 * Separates background clips from the others, so that the splits of these do not depend on them. Background in one group
 * with labelled clips, such as a copy of one, stays with them and has their split.
 */
function apart(clips: readonly Clip[]): { sorted: Clip[]; background: Clip[] } {
  const labelled = new Map(clips.filter((clip) => !isBackground(clip)).map((clip) => [clip.group, clip]));
  return {
    sorted: clips.flatMap((clip) => {
      const mate = labelled.get(clip.group);
      return mate === undefined ? [] : [isBackground(clip) ? { ...clip, split: mate.split } : clip];
    }),
    background: clips.filter(({ group }) => !labelled.has(group)),
  };
}

/**
 * Adds background to the splits: where a clip names one, and else in the fractions of a draw, which no clip changes. Without a
 * train split, it is in proportion to the labelled clips, if there are any.
 */
function addBackground(
  splits: Record<Split, Clip[]>,
  background: readonly Clip[],
  { seed, validFraction, testFraction }: Required<SplitOptions>,
): void {
  const nLabelled = SPLITS.reduce((sum, split) => sum + splits[split].length, 0);
  const fractionOf = (split: Split) => splits[split].length / nLabelled;
  const fractions =
    splits.train.length > 0 || nLabelled === 0
      ? { train: 1 - validFraction - testFraction, valid: validFraction, test: testFraction }
      : { train: 0, valid: fractionOf("valid"), test: fractionOf("test") };
  const open = background.filter(({ split }) => split === null);
  const drawn = drawSplits(open, fractions, { seed, tieOf: (group) => group });
  for (const clip of background) splits[clip.split ?? drawn.get(clip.group) ?? "train"].push(clip);
}

/**
 * Checks that a value has clips in splits.
 * @throws UsageError otherwise
 */
export function checkSplits(setting: string, value: unknown): void {
  checkObject(setting, value, "be clips in splits", { train: "list", valid: "list", test: "list" });
}

function checkClips(clips: readonly Clip[]): void {
  const members = { name: "text", audioHash: "text", labels: "list", group: "text" } as const;
  checkList("clips", clips, "clips", members);
  for (const [i, { split }] of clips.entries())
    if (split !== null) checkChoice(`clips[${i}].split`, split, SPLITS);
}

/** Length of one entry of a `SplitRecord` [hex digits]. */
export const RECORD_KEY = 12;

/** Says which clip was in which split: 12 hex digits for each clip, of a hash of its name, audio and labels, joined. */
export type SplitRecord = Readonly<Record<Split, string>>;

const keyOf = (clip: Clip) => hashRecord(factsOf(clip)).slice(0, RECORD_KEY);

/** What a clip is known by; of clips whose labels are all known, what it has always been. */
function factsOf(clip: Clip): readonly unknown[] {
  const { name, audioHash, labels, unknownLabels, absentLabels = [] } = clip;
  return lacksLabels(clip)
    ? [name, audioHash, labels, unknownLabels, absentLabels]
    : [name, audioHash, labels];
}

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

export function byName(a: Clip, b: Clip): number {
  const [keyA, keyB] = [`${a.name}\n${a.audioHash}`, `${b.name}\n${b.audioHash}`];
  return keyA < keyB ? -1 : keyA > keyB ? 1 : 0;
}

function hashSplits(splits: Record<Split, Clip[]>): string {
  return hashRecord(SPLITS.map((split) => [split, splits[split].map(factsOf)]));
}

/**
 * Lists what keeps clips from being in the splits that they name, a line for each set of clips that must stay together
 * but are in two.
 */
export function splitConflicts(clips: readonly Clip[]): string[] {
  const mayLack = (clip: Clip) => isBackground(clip) && clip.split === null; // its split is drawn
  const labelled = clips.filter((clip) => !mayLack(clip));
  const nNamed = labelled.filter(({ split }) => split !== null).length;
  if (nNamed === 0) return [];
  if (nNamed < labelled.length) {
    const without = [...labelled].sort(byName).find(({ split }) => split === null)!;
    return [
      `a split is named for ${nNamed} of ${labelled.length} clips, but not for others, e.g. ${without.name}; name one for every clip or for none`,
    ];
  }
  return [...membersOfGroups([...labelled].sort(byName)).values()].flatMap((members) => {
    const chain = tieChain(members, members[0], ({ split }) => split !== members[0].split);
    return chain === undefined ? [] : [conflictText(chain)];
  });
}

function conflictText(chain: readonly Clip[]): string {
  const [first, second] = chain;
  const last = chain[chain.length - 1];
  const places = `${first.name} in ${first.split} and ${last.name} in ${last.split}`;
  if (chain.length > 2)
    return `${places} must be in one split: ${chainText(chain)}; move or remove one of them`;
  const what = first.audioHash === second.audioHash ? "the same audio" : groupText(first);
  return `${what} is in two splits, ${places}; move or remove one of them`;
}

/** @throws DataError with the first conflict */
function checkNamedSplits(clips: readonly Clip[]): void {
  const conflicts = splitConflicts(clips);
  if (conflicts.length === 0) return;
  const more =
    conflicts.length > 1 ? ` (and ${counted(conflicts.length - 1, "more conflict")} like this)` : "";
  throw new DataError(null, `${conflicts[0]}${more}`);
}
