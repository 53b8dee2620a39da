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

/** How many mixes a split has, and how many bundles its sources are divided into. */
export interface MixSize {
  readonly nMixes: number;
  readonly nBundles: number;
}

/** Largest attenuation of a clip [dB]. */
const MAX_GAIN_DB = 12;
const MAX_ONSET_SEC = 0.3;
const DURATION_SEC = [1.5, 3] as const;
/** Peak of mixes for validation and test, as in their clips [dB relative to full scale]. */
const PLAIN_PEAK_DB = -3;

/**
 * Divides the groups of a split into bundles, so that every family is in as many of them as it has groups.
 * @returns the bundle of each group
 */
function bundleGroups(rows: readonly ManifestRow[], nBundles: number, random: Random): Map<string, number> {
  const groupsOf = new Map<Label, Set<string>>();
  for (const { label, group } of rows) groupsOf.set(label, (groupsOf.get(label) ?? new Set()).add(group));
  const families = Array.from({ length: nBundles }, () => new Set<Label>());
  const bundleOf = new Map<string, number>();
  const rarestFirst = [...groupsOf].sort(([, a], [, b]) => a.size - b.size);
  for (const [label, groups] of rarestFirst) {
    const order = random.shuffle([...families.keys()]).sort((a, b) => families[a].size - families[b].size);
    // A group of several families stays in its bundle.
    const taken = [...groups].filter((group) => bundleOf.has(group));
    for (const group of taken) families[bundleOf.get(group)!].add(label);
    const free = order.filter((bundle) => !families[bundle].has(label));
    const turns = [...free, ...order];
    for (const [i, group] of random.shuffle([...groups].filter((each) => !bundleOf.has(each))).entries()) {
      const bundle = turns[i] ?? order[i % order.length];
      bundleOf.set(group, bundle);
      families[bundle].add(label);
    }
  }
  return bundleOf;
}

/** A family's clips in a bundle, in a drawn order that begins again at its end. */
class Deck {
  readonly label: Label;
  /** How often it is drawn, relative to others. */
  readonly weight: number;
  readonly #rows: readonly ManifestRow[];
  #next = 0;

  constructor(label: Label, weight: number, rows: readonly ManifestRow[]) {
    this.label = label;
    this.weight = weight;
    this.#rows = rows;
  }

  next(): ManifestRow {
    return this.#rows[this.#next++ % this.#rows.length];
  }
}

/** Draws `n` of the decks, each once, with chances in proportion to their weights. */
function drawDecks(decks: readonly Deck[], n: number, random: Random): Deck[] {
  const left = [...decks];
  const drawn: Deck[] = [];
  while (drawn.length < n) {
    let at = random.uniform(
      0,
      left.reduce((sum, { weight }) => sum + weight, 0),
    );
    const i = left.findIndex(({ weight }) => (at -= weight) < 0);
    drawn.push(...left.splice(i < 0 ? left.length - 1 : i, 1));
  }
  return drawn;
}

/**
 * Plans the mixes of a split: two or three clips of different families each, with drawn gains, onsets and length.
 *
 * The groups of the split are divided into bundles, and a mix draws its clips from one bundle. So mixes of different bundles
 * share no raw sample, and a bundle is a group: intervals that are drawn over groups are honest. With mixes of arbitrary clips
 * all of them would hang together, and the mixes alone would be no groups, as many share an instrument.
 * @param rows clips with one label each, all of this split
 * @throws RangeError if a bundle has fewer than two families
 */
export function planMixes(
  rows: readonly ManifestRow[],
  split: Split,
  { nMixes, nBundles, seed }: MixSize & { seed: number },
): MixPlan[] {
  const random = new Random(`${seed}/mixes/${split}`);
  const bundleOf = bundleGroups(rows, nBundles, random.fork("bundles"));
  const labels = [...new Set(rows.map(({ label }) => label))];
  const bundlesWith = (label: Label) =>
    new Set(rows.filter((row) => row.label === label).map(({ group }) => bundleOf.get(group))).size;
  const decksOf = Array.from({ length: nBundles }, (_, bundle) =>
    labels.flatMap((label) => {
      const own = rows.filter((row) => row.label === label && bundleOf.get(row.group) === bundle);
      const shuffled = random.fork(`${bundle}/${label}`).shuffle(own);
      return own.length === 0 ? [] : [new Deck(label, 1 / bundlesWith(label), shuffled)];
    }),
  );
  if (decksOf.some((decks) => decks.length < 2)) throw new RangeError("a bundle has fewer than two families");
  return Array.from({ length: nMixes }, (_, i) => {
    const drawn = random.fork(`mix ${i}`);
    const bundle = i % nBundles;
    const decks = decksOf[bundle];
    return {
      path: `${split}/${String(i + 1).padStart(4, "0")}.wav`,
      group: `${split}-${bundle + 1}`,
      split,
      parts: drawDecks(decks, Math.min(decks.length, 2 + drawn.integer(2)), drawn).map((deck) => {
        const { path, label } = deck.next();
        const gainDb = drawn.uniform(-MAX_GAIN_DB, 0);
        return { path, label, gainDb, onsetSec: drawn.uniform(0, MAX_ONSET_SEC) };
      }),
      durationSec: drawn.uniform(...DURATION_SEC),
      peakDb: split === "train" ? drawn.uniform(-20, -1) : PLAIN_PEAK_DB,
    };
  });
}
