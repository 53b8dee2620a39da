import { Random } from "../core/random.js";
import type { FeatureSet } from "../dataset/feature-set.js";
import {
  CLASSLESS_SOUNDS,
  type ClasslessSound,
  classlessSound,
  FITTED_SOUNDS,
} from "../features/classless-sounds.js";
import { type Engine, withSession } from "../runtime/engine.js";
import { clipAnswers, type FrameSource } from "../tagging/aggregate.js";
import { modelGraph, segmentsPerRun, type TrainedModel } from "../tagging/model-file.js";
import { checkNovelty } from "../tagging/novelty.js";
import { rank, scoreRanking } from "./ranking.js";

/** Sounds made of each kind, and their levels, from loud to quiet [dB relative to full scale]. */
const CLIPS_PER_SOUND = 20;
const LEVELS_DB = [-10, -20, -30, -40, -50] as const;
/** Bins of the histograms of novelty. */
const N_BINS = 24;
/** Their length [segments]. */
const SEGMENTS = 2;

/** How well a model tells some sounds from the clips it knows. */
export interface UnknownKind {
  readonly sound: ClasslessSound | "background";
  readonly nClips: number;
  /**
   * Fraction of pairs of one such sound and one scored clip in which the sound has the higher novelty: 1 if novelty tells
   * them apart, 0.5 if it says nothing.
   */
  readonly rocAuc: number;
  /** Fraction that is above the model's limit. */
  readonly unknown: number;
  /** Number of the sounds in each bin of `UnknownSounds.bins`. */
  readonly histogram: readonly number[];
}

/** Whether models are fitted to call a kind of sound unknown: background is that of training, if there is any. */
export function isFittedTo(sound: UnknownKind["sound"]): boolean {
  return sound === "background" || FITTED_SOUNDS.includes(sound);
}

/** What a model calls unknown. */
export interface UnknownSounds {
  /** The novelty above which a sound is unknown. */
  readonly limit: number;
  /** Fraction of the scored clips that are called unknown. */
  readonly falseAlarms: number;
  /** Bins of equal width that hold every novelty: where the first begins, and how wide they are. */
  readonly bins: { readonly from: number; readonly width: number };
  /** Number of the scored clips in each bin. */
  readonly histogram: readonly number[];
  /** Sounds that are of no class, made for this, and the background clips of the split if there are some. */
  readonly kinds: readonly UnknownKind[];
}

/**
 * Measures what a model calls unknown.
 * @param novelties of the scored clips
 * @param background clips of no class; null for none
 * @returns null if the model calls nothing unknown
 */
export async function unknownSounds(
  model: TrainedModel,
  novelties: readonly (number | null)[],
  { background, engine }: { background: FeatureSet | null; engine: Engine },
): Promise<UnknownSounds | null> {
  const limit = model.info.calibration?.unknown?.threshold;
  const known = novelties.filter((novelty) => novelty !== null);
  if (limit === undefined || known.length === 0) return null;
  const isUnknown = (novelty: number) => novelty > limit;
  const fractionUnknown = (values: readonly number[]) => values.filter(isUnknown).length / values.length;
  const kinds = [...(await soundNovelties(model, engine))];
  if (background !== null) {
    const [novelties] = await noveltiesOf(model, [background], engine);
    kinds.push(["background", novelties]);
  }
  const bins = binsOf([...known, ...kinds.flatMap(([, values]) => values)]);
  return {
    limit,
    falseAlarms: fractionUnknown(known),
    bins,
    histogram: histogram(known, bins),
    kinds: kinds.map(([sound, values]) => ({
      sound,
      nClips: values.length,
      rocAuc: rocAuc(values, known),
      unknown: fractionUnknown(values),
      histogram: histogram(values, bins),
    })),
  };
}

type KindNovelties = readonly [sound: UnknownKind["sound"], novelties: readonly number[]];

/** What `soundNovelties` found: the same for every part of the data that a model is scored on. */
const found = new WeakMap<TrainedModel, WeakMap<Engine, readonly KindNovelties[]>>();

/** The novelties of sounds that are of no class, made for this. */
async function soundNovelties(model: TrainedModel, engine: Engine): Promise<readonly KindNovelties[]> {
  const ofModel = found.get(model) ?? new WeakMap<Engine, readonly KindNovelties[]>();
  found.set(model, ofModel);
  const known = ofModel.get(engine);
  if (known !== undefined) return known;
  const sources = CLASSLESS_SOUNDS.map((sound) => soundsOf(sound, model));
  const novelties = await noveltiesOf(model, sources, engine);
  const kinds = CLASSLESS_SOUNDS.map((sound, i) => [sound, novelties[i]] as const);
  ofModel.set(engine, kinds);
  return kinds;
}

/** The novelty of every clip of each source. */
function noveltiesOf(
  model: TrainedModel,
  sources: readonly FrameSource[],
  engine: Engine,
): Promise<number[][]> {
  const runs = { segmentFrames: model.info.segmentFrames, maxSegments: segmentsPerRun(model) };
  return withSession(engine, modelGraph(model), async (session) => {
    const all: number[][] = [];
    for (const source of sources) {
      const answers = await clipAnswers(session, source, runs);
      for (const { novelty } of answers) checkNovelty(novelty, "model");
      all.push(answers.map(({ novelty }) => novelty!));
    }
    return all;
  });
}

/** Bins from the lowest value to the highest. */
function binsOf(values: readonly number[]): UnknownSounds["bins"] {
  const from = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const to = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return { from, width: (to - from) / N_BINS || 1 };
}

function histogram(values: readonly number[], { from, width }: UnknownSounds["bins"]): number[] {
  const counts = Array.from({ length: N_BINS }, () => 0);
  for (const value of values) counts[Math.min(N_BINS - 1, Math.floor((value - from) / width))]++;
  return counts;
}

/** The fraction of pairs in which the first kind's value is higher; equal ones count half. */
function rocAuc(higher: readonly number[], lower: readonly number[]): number {
  const values = [...higher, ...lower];
  const decisions = {
    clips: Int32Array.from(values.keys()),
    positive: Uint8Array.from(values, (_, i) => (i < higher.length ? 1 : 0)),
    probabilities: Float32Array.from(values),
  };
  return scoreRanking(rank(decisions, 0)!, new Uint8Array(values.length).fill(1)).rocAuc;
}

/** Clips of a sound, made when they are read. */
function soundsOf(sound: ClasslessSound, { info: { frontEnd, segmentFrames } }: TrainedModel): FrameSource {
  const { sampleRate, hopLength, nMels } = frontEnd;
  const nFrames = SEGMENTS * segmentFrames;
  const durationSec = ((nFrames - 1) * hopLength) / sampleRate;
  return {
    clips: Array.from({ length: CLIPS_PER_SOUND }, () => ({ nFrames })),
    nMels,
    async readFrames(i, first, count, out, offset) {
      const levelDb = LEVELS_DB[i % LEVELS_DB.length];
      const { data } = classlessSound(sound, frontEnd, new Random(`unknown ${sound} ${i}`), {
        durationSec,
        levelDb,
      });
      out.set(data.subarray(first * nMels, (first + count) * nMels), offset);
    },
  };
}
