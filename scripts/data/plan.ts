import { groupBy } from "../../src/core/group-by.js";
import { Random } from "../../src/core/random.js";
import { type Font, type Source, sourceId } from "./fonts.js";
import { LABELS, type Label } from "./labels.js";
import { SYNTHESES } from "./synthesized.js";

export type Split = "train" | "valid" | "test";

/** How a clip is played: varied for training, or plainly, on the training fonts or on the font for the test. */
export type ClipKind = "varied" | "evaluation" | "test";

/** One clip to render. Everything random about it follows from `seed`. */
export interface ClipPlan {
  /** Path relative to the data folder; its first folder is the font. */
  readonly path: string;
  readonly source: Source;
  readonly label: Label;
  readonly group: string;
  readonly kind: ClipKind;
  /** Its split in the manifest; null if only the list of all clips has it. */
  readonly split: Split | null;
  /** Position of the note in the program's range, in [0, 1). */
  readonly pitch: number;
  /** Index of the clip among the clips of its source and kind. */
  readonly index: number;
  readonly seed: string;
}

/** Number of clips per class. */
export interface PlanSize {
  /** Varied clips of groups that are not held out. The others get as many in proportion. */
  readonly train: number;
  /** Clips for evaluation, of each lineage. */
  readonly evaluation: number;
  readonly test: number;
}

export const FULL_SIZE: PlanSize = { train: 560, evaluation: 48, test: 90 };
export const SMALL_SIZE: PlanSize = { train: 12, evaluation: 6, test: 4 };

/** Folder of the clips for evaluation in those of a class. */
export const EVALUATION_FOLDER = "evaluation";

/** Held-out groups are drawn until they hold at least this fraction of their class's training weight ... */
const MIN_VALID_FRACTION = 0.15;
/** ... and never more than this one. */
const MAX_VALID_FRACTION = 0.3;

/** Fraction of a class's varied clips that are synthesized, in the classes that have too few instruments in fonts. */
const SYNTHESIZED_FRACTION = 0.4;

/** A font with its sources. */
export interface FontSources {
  readonly font: Font;
  readonly sources: readonly Source[];
}

/** A source with its group and its fraction of the clips of its class and split. */
interface WeightedSource {
  readonly source: Source;
  readonly lineage: string;
  readonly group: string;
  readonly weight: number;
}

/** Weights in a font and class before scaling: variation banks count half, and the kits of a drum key split its weight. */
function rawWeights(sources: readonly Source[]): number[] {
  const kitsOfKey = new Map<number, number>();
  for (const { drumKey } of sources)
    if (drumKey !== null) kitsOfKey.set(drumKey, (kitsOfKey.get(drumKey) ?? 0) + 1);
  return sources.map(({ drumKey, bank }) =>
    drumKey !== null ? 1 / kitsOfKey.get(drumKey)! : bank === 0 ? 1 : 0.5,
  );
}

/** The sources of a class with their groups. */
function listedOf(
  fonts: readonly FontSources[],
  groups: ReadonlyMap<string, string>,
  label: Label,
): WeightedSource[] {
  return fonts.flatMap(({ font, sources }) => {
    const ofLabel = sources.filter((source) => source.label === label);
    const weights = rawWeights(ofLabel);
    return ofLabel.map((source, i) => {
      const group = groups.get(sourceId(source))!;
      return { source, lineage: font.lineage, group, weight: weights[i] };
    });
  });
}

/**
 * Weighs the sources of a class. A group weighs as the square root of its presets: it is one instrument to a listener who
 * wants many, and yet more of them if its presets share but some of their samples.
 */
function weigh(
  fonts: readonly FontSources[],
  groups: ReadonlyMap<string, string>,
  label: Label,
): WeightedSource[] {
  const byGroup = [...groupBy(listedOf(fonts, groups, label), ({ group }) => group).values()];
  const scaled = byGroup.map((members) => {
    const root = Math.sqrt(sumOf(members));
    return members.map((one) => ({ ...one, weight: one.weight / root }));
  });
  // A group's presets follow one another, so that systematic sampling gives the group its number of clips.
  const weighted = scaled.flat();
  const total = sumOf(weighted);
  return weighted.map((one) => ({ ...one, weight: one.weight / total }));
}

/**
 * Draws the groups to hold out for validation: for every class, from the seed, among the groups that are in no other
 * class, smaller groups first, alternating between the lineages, until each lineage has had its turn and 15 % of the
 * class are held out, and never more than 30 %.
 */
export function drawValidGroups(
  fonts: readonly FontSources[],
  groups: ReadonlyMap<string, string>,
  seed: number,
): Set<string> {
  const labelsOfGroup = new Map<string, Set<Label>>();
  for (const source of fonts.flatMap(({ sources }) => sources)) {
    const group = groups.get(sourceId(source))!;
    labelsOfGroup.set(group, (labelsOfGroup.get(group) ?? new Set()).add(source.label));
  }
  const held = new Set<string>();
  for (const label of LABELS) {
    const random = new Random(`${seed}/valid/${label}`);
    const fraction = new Map<string, number>();
    const lineages = new Map<string, string>();
    for (const { lineage, group, weight } of weigh(fonts, groups, label)) {
      fraction.set(group, (fraction.get(group) ?? 0) + weight);
      lineages.set(group, lineage);
    }
    const shuffled = random.shuffle(
      [...fraction.keys()].filter((group) => labelsOfGroup.get(group)!.size === 1),
    );
    const candidates = [
      ...shuffled.filter((group) => fraction.get(group)! <= MIN_VALID_FRACTION),
      ...shuffled.filter((group) => fraction.get(group)! > MIN_VALID_FRACTION),
    ];
    const queues = random
      .shuffle([...new Set(lineages.values())].sort())
      .map((name) => candidates.filter((group) => lineages.get(group) === name));
    let heldFraction = 0;
    const wanted = (turn: number) => turn < queues.length || heldFraction < MIN_VALID_FRACTION;
    for (let turn = 0; wanted(turn) && queues.some((queue) => queue.length > 0); turn++) {
      const group = queues[turn % queues.length].shift();
      if (group === undefined || heldFraction + fraction.get(group)! > MAX_VALID_FRACTION) continue;
      held.add(group);
      heldFraction += fraction.get(group)!;
    }
  }
  return held;
}

/** Spreads `n` clips over the sources in proportion to their weights (systematic sampling); returns each one's count. */
function apportion(n: number, sources: readonly WeightedSource[], random: Random): number[] {
  const total = sources.reduce((sum, { weight }) => sum + weight, 0);
  const counts = sources.map(() => 0);
  const offset = random.uniform();
  let i = 0;
  let upTo = sources.length > 0 ? (sources[0].weight / total) * n : 0;
  for (let k = 0; k < n && sources.length > 0; k++) {
    while (k + offset >= upTo && i < sources.length - 1) upTo += (sources[++i].weight / total) * n;
    counts[i]++;
  }
  return counts;
}

/** Groups of the training fonts that share a raw sample with the font for the test: they are left out. */
export function sharedWithTest(fonts: readonly FontSources[], groups: ReadonlyMap<string, string>): string[] {
  const groupsOf = (role: Font["role"]) => {
    const sources = fonts.filter(({ font }) => font.role === role).flatMap((one) => one.sources);
    return new Set(sources.map((source) => groups.get(sourceId(source))!));
  };
  const tested = groupsOf("test");
  return [...groupsOf("train")].filter((group) => tested.has(group));
}

/** The synthesized instruments of a class, each its own group. They are never held out. */
function synthesizedOf(label: Label): WeightedSource[] {
  return [...SYNTHESES]
    .filter(([, synthesis]) => synthesis.label === label)
    .flatMap(([font, { nInstruments }]) =>
      Array.from({ length: nInstruments }, (_, program) => {
        const source: Source = { font, label, bank: 0, program, drumKey: null };
        return { source, lineage: font, group: sourceId(source), weight: 1 };
      }),
    );
}

/** Clips of a kind and split to spread over some sources. */
interface Pool {
  readonly kind: ClipKind;
  readonly split: Split | null;
  readonly sources: readonly WeightedSource[];
  readonly nClips: number;
}

/**
 * Plans the clips of the data set: varied clips and clips for evaluation of every group of the training fonts, varied
 * clips of synthesized instruments, and those of the test. Every class has the same number of clips, spread over its groups, their presets and, within a preset,
 * evenly over its range.
 * @param groups of all sources of the fonts
 */
export function planClips(
  fonts: readonly FontSources[],
  groups: ReadonlyMap<string, string>,
  options: { seed: number; size: PlanSize },
): ClipPlan[] {
  const { seed, size } = options;
  const shared = new Set(sharedWithTest(fonts, groups));
  const isOwn = (source: Source) => !shared.has(groups.get(sourceId(source))!);
  const ofRole = (role: Font["role"]) => fonts.filter(({ font }) => font.role === role);
  const trained = ofRole("train").map(({ font, sources }) => ({ font, sources: sources.filter(isOwn) }));
  const held = drawValidGroups(trained, groups, seed);
  const isHeld = ({ group }: WeightedSource) => held.has(group);
  return LABELS.flatMap((label) => {
    const all = weigh(trained, groups, label);
    const [open, heldOut] = [all.filter((one) => !isHeld(one)), all.filter(isHeld)];
    const synthesized = synthesizedOf(label);
    const nSynthesized = synthesized.length > 0 ? Math.round(SYNTHESIZED_FRACTION * size.train) : 0;
    const nOpen = size.train - nSynthesized;
    const nHeldOut = Math.round((nOpen * sumOf(heldOut)) / sumOf(open));
    const lineages = [...groupBy(trained, ({ font }) => font.lineage).values()];
    const evaluated = lineages.flatMap((each): Pool[] => {
      const sources = weigh(each, groups, label);
      return [{ kind: "evaluation", split: null, sources, nClips: size.evaluation }];
    });
    const test = listedOf(ofRole("test"), groups, label).map((one) => ({ ...one, weight: 1 }));
    const pools: Pool[] = [
      { kind: "varied", split: "train", sources: open, nClips: nOpen },
      { kind: "varied", split: null, sources: heldOut, nClips: nHeldOut },
      ...evaluated,
      { kind: "varied", split: "train", sources: synthesized, nClips: nSynthesized },
      { kind: "test", split: "test", sources: test, nClips: size.test },
    ];
    return pools.flatMap((pool, i) => {
      const clips = clipsOf(pool, label, { seed, draw: pool.kind === "test" ? "test" : `${pool.kind} ${i}` });
      const isValid = (clip: ClipPlan) => clip.kind === "evaluation" && held.has(clip.group);
      return clips.map((clip): ClipPlan => (isValid(clip) ? { ...clip, split: "valid" } : clip));
    });
  });
}

const sumOf = (sources: readonly WeightedSource[]): number =>
  sources.reduce((sum, { weight }) => sum + weight, 0);

/** @param options.draw names the draw of the clips' pitches and, for drums, of the sources' order */
function clipsOf(
  { kind, split, sources, nClips }: Pool,
  label: Label,
  { seed, draw }: { seed: number; draw: string },
): ClipPlan[] {
  const random = new Random(`${seed}/plan/${label}/${draw}`);
  const ordered = label === "drums" ? random.shuffle(sources) : sources;
  const counts = apportion(nClips, ordered, random);
  const folder = kind === "evaluation" ? `${EVALUATION_FOLDER}/` : "";
  return ordered.flatMap(({ source, group }, s) =>
    Array.from({ length: counts[s] }, (_, index): ClipPlan => {
      const id = sourceId(source);
      const name = `${id.slice(source.font.length + 1)}-${String(index + 1).padStart(3, "0")}`;
      return {
        path: `${source.font}/${label}/${folder}${name}.wav`,
        source,
        label,
        group,
        kind,
        split,
        pitch: (index + (kind === "varied" ? random.uniform() : 0.5)) / counts[s],
        index,
        seed: `${seed}/${id}/${folder}${index}`,
      };
    }),
  );
}
