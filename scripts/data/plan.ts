import { Random } from "../../src/core/random.js";
import { fontOf, lineageOf, type Source, sourceId } from "./fonts.js";
import { LABELS, type Label } from "./labels.js";

export type Split = "train" | "valid" | "test";

/** One clip to render. Everything random about it follows from `seed`. */
export interface ClipPlan {
  /** Path relative to the data folder. */
  readonly path: string;
  readonly source: Source;
  readonly label: Label;
  readonly group: string;
  readonly split: Split;
  /** Position of the note in the program's range, in [0, 1). */
  readonly pitch: number;
  /** Index of the clip among the clips of its source. */
  readonly index: number;
  readonly seed: string;
}

/** Number of clips per class in each split. */
export interface PlanSize {
  readonly train: number;
  readonly valid: number;
  readonly test: number;
}

export const FULL_SIZE: PlanSize = { train: 560, valid: 90, test: 90 };
export const SMALL_SIZE: PlanSize = { train: 12, valid: 4, test: 4 };

/** Held-out groups are drawn until they hold at least this fraction of their class's training weight ... */
const MIN_VALID_FRACTION = 0.15;
/** ... and never more than this one. */
const MAX_VALID_FRACTION = 0.3;

/** A source with its group and its fraction of its class's clips; the fractions of a class sum to 1. */
interface WeightedSource {
  readonly source: Source;
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

function weigh(
  sources: readonly Source[],
  groups: ReadonlyMap<string, string>,
  label: Label,
): WeightedSource[] {
  const ofLabel = sources.filter((source) => source.label === label);
  const fonts = [...new Set(ofLabel.map((source) => source.font))];
  const weighted = fonts.flatMap((font) => {
    const ofFont = ofLabel.filter((source) => source.font === font);
    const raw = rawWeights(ofFont);
    const sum = raw.reduce((a, b) => a + b, 0);
    return ofFont.map((source, i) => ({
      source,
      group: groups.get(sourceId(source))!,
      weight: (fontOf(font).weight * raw[i]) / sum,
    }));
  });
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  return weighted.map((one) => ({ ...one, weight: one.weight / total }));
}

/**
 * Draws the groups to hold out for validation: for every class, from the seed, among the groups that are in no other
 * class, smaller groups first, alternating between the lineages, until each lineage has had its turn and 15 % of the
 * class are held out, and never more than 30 %. For vocal, which has four groups, that is a single one.
 */
export function drawValidGroups(
  sources: readonly Source[],
  groups: ReadonlyMap<string, string>,
  seed: number,
): Set<string> {
  const labelsOfGroup = new Map<string, Set<Label>>();
  for (const source of sources) {
    const group = groups.get(sourceId(source))!;
    labelsOfGroup.set(group, (labelsOfGroup.get(group) ?? new Set()).add(source.label));
  }
  const held = new Set<string>();
  for (const label of LABELS) {
    const random = new Random(`${seed}/valid/${label}`);
    const fraction = new Map<string, number>();
    const lineage = new Map<string, string>();
    for (const { source, group, weight } of weigh(sources, groups, label)) {
      fraction.set(group, (fraction.get(group) ?? 0) + weight);
      lineage.set(group, lineageOf(source.font));
    }
    const shuffled = random.shuffle(
      [...fraction.keys()].filter((group) => labelsOfGroup.get(group)!.size === 1),
    );
    const candidates = [
      ...shuffled.filter((group) => fraction.get(group)! <= MIN_VALID_FRACTION),
      ...shuffled.filter((group) => fraction.get(group)! > MIN_VALID_FRACTION),
    ];
    const queues = random
      .shuffle([...new Set(lineage.values())].sort())
      .map((name) => candidates.filter((group) => lineage.get(group) === name));
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

/**
 * Plans the clips of the data set: in a split every class has the same number of clips, spread over the class's presets
 * and, within a preset, evenly over its range.
 */
export function planClips(
  trainSources: readonly Source[],
  testSources: readonly Source[],
  groups: ReadonlyMap<string, string>,
  options: { seed: number; size: PlanSize },
): ClipPlan[] {
  const { seed, size } = options;
  const held = drawValidGroups(trainSources, groups, seed);
  const clips: ClipPlan[] = [];
  for (const label of LABELS) {
    const ofTrain = weigh(trainSources, groups, label);
    const pools: [Split, WeightedSource[]][] = [
      ["train", ofTrain.filter(({ group }) => !held.has(group))],
      ["valid", ofTrain.filter(({ group }) => held.has(group))],
      ["test", weigh(testSources, groups, label)],
    ];
    for (const [split, pool] of pools) {
      const random = new Random(`${seed}/plan/${label}/${split}`);
      const sources = label === "drums" ? random.shuffle(pool) : pool;
      const counts = apportion(size[split], sources, random);
      sources.forEach(({ source, group }, s) => {
        for (let index = 0; index < counts[s]; index++) {
          const name = `${sourceId(source).slice(source.font.length + 1)}-${String(index + 1).padStart(3, "0")}`;
          clips.push({
            path: `${source.font}/${label}/${name}.wav`,
            source,
            label,
            group,
            split,
            pitch: (index + (split === "train" ? random.uniform() : 0.5)) / counts[s],
            index,
            seed: `${seed}/${sourceId(source)}/${index}`,
          });
        }
      });
    }
  }
  return clips;
}
