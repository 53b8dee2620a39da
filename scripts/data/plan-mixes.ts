import { Random } from "../../src/core/random.js";
import type { Label } from "./labels.js";
import type { ManifestRow } from "./manifest.js";
import type { Split } from "./plan.js";

/** One clip of a mix. */
export interface MixPart {
  /** The clip's path in its own manifest. */
  readonly path: string;
  readonly label: Label;
  /** Level relative to the mix's other clips before their gains [dB]. */
  readonly gainDb: number;
  /** Time at which it begins [s]. */
  readonly onsetSec: number;
}

/** A mix to make: clips of different families that sound together. */
export interface MixPlan {
  /** Path relative to the folder of the mixes. */
  readonly path: string;
  readonly group: string;
  readonly split: Split;
  readonly parts: readonly MixPart[];
  /** It is cut there, if it lasts longer. */
  readonly durationSec: number;
  /** Relative to full scale. */
  readonly peakDb: number;
}

/** Largest attenuation of a clip [dB]. */
const MAX_GAIN_DB = 12;
const MAX_ONSET_SEC = 0.3;
const DURATION_SEC = [1.5, 3] as const;
/** Peak of mixes for validation and test, as in their clips [dB relative to full scale]. */
const PLAIN_PEAK_DB = -3;

/**
 * Divides the groups of a split into bundles that have every family: as many as the family with the fewest groups has, or
 * fewer if groups of several families are in the way.
 * @returns the bundle of each group, from 0
 */
function bundleGroups(rows: readonly ManifestRow[], random: Random): Map<string, number> {
  const groupsOf = new Map<Label, Set<string>>();
  for (const { label, group } of rows) groupsOf.set(label, (groupsOf.get(label) ?? new Set()).add(group));
  const rarestFirst = [...groupsOf.values()].sort((a, b) => a.size - b.size);
  for (let nBundles = rarestFirst[0].size; ; nBundles--) {
    const bundleOf = new Map<string, number>();
    const isWhole = rarestFirst.every((groups) => spread(groups, nBundles, bundleOf, random));
    if (isWhole || nBundles === 1) return bundleOf;
  }
}

/** Deals a family's groups to the bundles in turn; false if a bundle has none of them in the end. */
function spread(
  groups: ReadonlySet<string>,
  nBundles: number,
  bundleOf: Map<string, number>,
  random: Random,
): boolean {
  const counts = new Array<number>(nBundles).fill(0);
  const dealt = [...groups].filter((group) => bundleOf.has(group)); // with another family
  for (const group of dealt) counts[bundleOf.get(group)!]++;
  for (const group of random.shuffle([...groups].filter((each) => !bundleOf.has(each)))) {
    const bundle = counts.indexOf(Math.min(...counts));
    bundleOf.set(group, bundle);
    counts[bundle]++;
  }
  return !counts.includes(0);
}

/** A family's clips in a bundle, in a drawn order that begins again at its end. */
class Deck {
  readonly label: Label;
  readonly #rows: readonly ManifestRow[];
  #next = 0;

  constructor(label: Label, rows: readonly ManifestRow[]) {
    this.label = label;
    this.#rows = rows;
  }

  next(): ManifestRow {
    return this.#rows[this.#next++ % this.#rows.length];
  }
}

/**
 * Plans the mixes of a split: two or three clips of different families each, with drawn gains, onsets and length.
 *
 * The groups of the split are divided into bundles that have every family, and a mix draws its clips from one bundle. So mixes
 * of different bundles share no raw sample, and a bundle is a group. With mixes of arbitrary clips all of them would hang
 * together, and single mixes would be no groups, as many share an instrument.
 * @param rows clips with one label each, all of this split
 */
export function planMixes(
  rows: readonly ManifestRow[],
  split: Split,
  { nMixes, seed }: { nMixes: number; seed: number },
): MixPlan[] {
  const random = new Random(`${seed}/mixes/${split}`);
  const bundleOf = bundleGroups(rows, random.fork("bundles"));
  const nBundles = Math.max(...bundleOf.values()) + 1;
  const labels = [...new Set(rows.map(({ label }) => label))];
  const decksOf = Array.from({ length: nBundles }, (_, bundle) =>
    labels.map((label) => {
      const own = rows.filter((row) => row.label === label && bundleOf.get(row.group) === bundle);
      return new Deck(label, random.fork(`${bundle}/${label}`).shuffle(own));
    }),
  );
  return Array.from({ length: nMixes }, (_, i) => {
    const drawn = random.fork(`mix ${i}`);
    const bundle = i % nBundles;
    return {
      path: `${split}/${String(i + 1).padStart(4, "0")}.wav`,
      group: `${split}-${bundle + 1}`,
      split,
      parts: drawn
        .shuffle(decksOf[bundle])
        .slice(0, 2 + drawn.integer(2))
        .map((deck) => {
          const { path, label } = deck.next();
          const gainDb = drawn.uniform(-MAX_GAIN_DB, 0);
          return { path, label, gainDb, onsetSec: drawn.uniform(0, MAX_ONSET_SEC) };
        }),
      durationSec: drawn.uniform(...DURATION_SEC),
      peakDb: split === "train" ? drawn.uniform(-20, -1) : PLAIN_PEAK_DB,
    };
  });
}
