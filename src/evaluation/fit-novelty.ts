import { DataError } from "../core/errors.js";
import { Random } from "../core/random.js";
import { isFiniteData, type Tensor } from "../core/tensor.js";
import { checkTrain, type FeatureSet } from "../dataset/feature-set.js";
import { segmentStarts } from "../dataset/segments.js";
import { atLevel } from "../features/at-level.js";
import { classlessSound, FITTED_SOUNDS } from "../features/classless-sounds.js";
import type { FrontEnd } from "../features/front-end.js";
import type { LinearFunctions } from "../nn/inference.js";
import { type Engine, type Session, withSession } from "../runtime/engine.js";
import { type FrameSource, runSegments } from "../tagging/aggregate.js";
import type { Calibration } from "../tagging/calibration.js";
import { logitsGraph, segmentsPerRun, type TrainedModel } from "../tagging/model-file.js";
import { ClipNovelty, type NoveltyScore } from "../tagging/novelty.js";
import { fisherDiscriminants, type Vectors } from "./fisher-discriminants.js";
import { LEAST_CLIPS } from "./temperature.js";

/** Training segments that are read at most, evenly chosen. */
const MAX_SEGMENTS = 2000;
/** How many of each kind are made, to fit the functions and to find the limit. */
const FIT_SOUNDS = 40;
const LIMIT_SOUNDS = 20;
/** Range of their levels [dB relative to full scale]. */
const LEVELS_DB = { min: -60, max: -10 } as const;
/** How much quieter training segments are made, so that a known sound is known at other levels, too [dB]. */
const QUIETER_DB = { min: -40, max: 0 } as const;
/** Fractions of the validation clips below the limit, and of the others above it, if both are possible. */
const RIGHT = { known: 0.98, unknown: 0.95 } as const;

/** When a model calls a sound unknown. */
export interface FittedNovelty {
  readonly score: NoveltyScore;
  readonly unknown: NonNullable<Calibration["unknown"]>;
}

/**
 * Fits the novelty of a model, by which it answers *unknown*. The functions of the embedding are Fisher's discriminants of the labels' training
 * segments (as they are and quieter), of silence, of noise (of three colours, at many levels, also short), and of the
 * background clips. They are scaled so that the novelty has mean 0 and deviation 1 over the segments of the validation clips. The threshold is
 * halfway between the novelty that 98 % of the validation clips stay below, and the one that 95 % of other silence and noise
 * exceed, and 95 % of the background clips in the validation split; if the latter is lower, it is the former. Fewer than 20
 * validation clips cannot say this alone: then the training clips, as they are, count, too.
 *
 * Chosen by measurement among entropy, energy, distances to classes and neighbours in the embedding, and ViM; see models/README.md.
 * @param model over the sets' labels; its segments weigh as its calibration says
 * @throws DataError if the model gives numbers that are not finite; the signal's reason if it is aborted
 */
export async function fitNovelty(
  model: TrainedModel,
  sets: { readonly train: FeatureSet<"train">; readonly valid: FeatureSet<"valid"> },
  { engine, signal }: { readonly engine: Engine; readonly signal?: AbortSignal | undefined },
): Promise<FittedNovelty> {
  const { train, valid } = sets;
  checkTrain(train);
  const { frontEnd, segmentFrames } = model.info;
  const validation = segmentsOf(valid, segmentFrames);
  const chosen = evenly(segmentsOf(train, segmentFrames), MAX_SEGMENTS);
  const background = evenly(segmentsOf(train.background, segmentFrames), MAX_SEGMENTS);
  const backgroundToo = segmentsOf(valid.background, segmentFrames);
  const sources = {
    train: clipsOfSegments(train, chosen, segmentFrames),
    quietTrain: quieter(clipsOfSegments(train, chosen, segmentFrames), frontEnd),
    classless: classlessSegments(model, "fit", FIT_SOUNDS),
    otherClassless: classlessSegments(model, "limit", LIMIT_SOUNDS),
    background: clipsOfSegments(train.background ?? train, background, segmentFrames),
    validation: clipsOfSegments(valid, validation, segmentFrames),
    validationBackground: clipsOfSegments(valid.background ?? valid, backgroundToo, segmentFrames),
  };
  return withSession(engine, logitsGraph(model), async (session) => {
    const embeddingsOf = (source: FrameSource) => netEmbeddings(session, source, model, signal);
    const asTheyAre = await embeddingsOf(sources.train);
    const own = joined(asTheyAre, await embeddingsOf(sources.quietTrain));
    const clipOf = (row: number) => chosen[row % chosen.length].clip;
    const ofLabels = train.labels
      .map((_, label) => rowsWhere(own, (row) => train.targets(clipOf(row))[label] === 1))
      .filter(({ data }) => data.length > 0);
    const sounds = await embeddingsOf(sources.classless);
    const classless = FITTED_SOUNDS.map((_, kind) =>
      rowsWhere(sounds, (row) => Math.floor(row / FIT_SOUNDS) === kind),
    );
    if (background.length > 0) classless.push(await embeddingsOf(sources.background));
    const { weights, biases } = await fisherDiscriminants([...ofLabels, ...classless], engine);
    const functions = (from: number, to?: number) => linear(weights.slice(from, to), biases.slice(from, to));
    const validated = await embeddingsOf(sources.validation);
    const hasFew = valid.clips.length < LEAST_CLIPS;
    const score = scaled(
      { known: functions(0, ofLabels.length), classless: functions(ofLabels.length) },
      hasFew ? joined(validated, asTheyAre) : validated,
    );
    const novelties = clipNovelties(validated, score, validation);
    const trained = hasFew ? clipNovelties(asTheyAre, score, chosen) : new Float64Array();
    const unknowns = [
      clipNovelties(await embeddingsOf(sources.otherClassless), score, null),
      clipNovelties(await embeddingsOf(sources.validationBackground), score, backgroundToo),
    ];
    const threshold = limitBetween(Float64Array.of(...novelties, ...trained).sort(), unknowns);
    const falseAlarms = novelties.filter((value) => value > threshold).length / novelties.length;
    return { score, unknown: { threshold, falseAlarms, ...(hasFew && { basis: "training clips" }) } };
  });
}

function linear(weights: readonly Float64Array[], biases: readonly number[]): LinearFunctions {
  const size = weights[0].length;
  const data = new Float32Array(weights.length * size);
  for (const [i, row] of weights.entries()) data.set(row, i * size);
  return {
    weight: { data, shape: [weights.length, size] },
    bias: { data: Float32Array.from(biases), shape: [biases.length] },
  };
}

/** The vectors whose index is wanted. */
function rowsWhere({ data, size }: Vectors, isWanted: (row: number) => boolean): Vectors {
  const rows = Array.from({ length: data.length / size }, (_, row) => row).filter(isWanted);
  const wanted = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) wanted.set(data.subarray(row * size, (row + 1) * size), i * size);
  return { data: wanted, size };
}

/** Scales functions so that the novelty has mean 0 and deviation 1 over some segments. */
function scaled(functions: NoveltyScore, embeddings: Vectors): NoveltyScore {
  const { mean, std } = meanAndStd(noveltiesOf(embeddings, functions));
  const map = ({ data, shape }: Tensor, to: (value: number) => number): Tensor => ({
    data: data.map(to),
    shape,
  });
  const both = ({ weight, bias }: LinearFunctions, shift: number): LinearFunctions => ({
    weight: map(weight, (value) => value / std),
    bias: map(bias, (value) => (value - shift) / std),
  });
  return { known: both(functions.known, 0), classless: both(functions.classless, mean) };
}

/** The novelty of each embedding. */
function noveltiesOf({ data, size }: Vectors, { known, classless }: NoveltyScore): Float64Array {
  const greatest = ({ weight, bias }: LinearFunctions, at: number): number => {
    let most = Number.NEGATIVE_INFINITY;
    for (let kind = 0; kind < bias.data.length; kind++) {
      let value = bias.data[kind];
      for (let i = 0; i < size; i++) value += data[at + i] * weight.data[kind * size + i];
      most = Math.max(most, value);
    }
    return most;
  };
  return Float64Array.from(
    { length: data.length / size },
    (_, row) => greatest(classless, row * size) - greatest(known, row * size),
  );
}

/**
 * The novelty of every clip, lowest first.
 * @param segments the clip of each row; null if each row is one
 */
function clipNovelties(
  embeddings: SegmentVectors,
  score: NoveltyScore,
  segments: readonly SegmentOf[] | null,
): Float64Array {
  const ofClip = new Map<number, ClipNovelty>();
  noveltiesOf(embeddings, score).forEach((value, row) => {
    const clip = segments?.[row].clip ?? row;
    const novelty = ofClip.get(clip) ?? new ClipNovelty();
    novelty.add(value, embeddings.weights[row]);
    ofClip.set(clip, novelty);
  });
  return Float64Array.from(ofClip.values(), ({ value }) => value).sort();
}

/** The limit between the novelties of known clips and those of each kind of unknown ones, all sorted. */
function limitBetween(known: Float64Array, unknowns: readonly Float64Array[]): number {
  const highKnown = known[Math.ceil(RIGHT.known * known.length) - 1];
  const lowUnknown = unknowns
    .filter(({ length }) => length > 0)
    .map((novelties) => novelties[Math.floor((1 - RIGHT.unknown) * novelties.length)]);
  return Math.max(highKnown, (highKnown + Math.min(...lowUnknown)) / 2);
}

/** Mean and deviation; the deviation is 1 if all are equal. */
function meanAndStd(values: Float64Array): { mean: number; std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) || 1 };
}

/** A segment of a set's clip. */
interface SegmentOf {
  readonly clip: number;
  readonly first: number;
}

function segmentsOf(set: FeatureSet | null, segmentFrames: number): SegmentOf[] {
  return (set?.clips ?? []).flatMap(({ nFrames }, clip) =>
    segmentStarts(nFrames, segmentFrames).map((first) => ({ clip, first })),
  );
}

/** At most `count` of the items, evenly spaced. */
function evenly<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]);
}

/** Segments as clips of their own. */
function clipsOfSegments(
  set: FeatureSet,
  segments: readonly SegmentOf[],
  segmentFrames: number,
): FrameSource {
  return {
    clips: segments.map(() => ({ nFrames: segmentFrames })),
    nMels: set.nMels,
    readFrames: (i, first, count, out, offset) =>
      set.readFrames(segments[i].clip, segments[i].first + first, count, out, offset),
  };
}

/** The same segments, each made quieter by some decibels that its place decides. */
function quieter({ clips, nMels, readFrames }: FrameSource, frontEnd: FrontEnd): FrameSource {
  return {
    clips,
    nMels,
    async readFrames(clip, first, count, out, offset) {
      await readFrames(clip, first, count, out, offset);
      const levelDb = new Random(`novelty/level ${clip}`).uniform(QUIETER_DB.min, QUIETER_DB.max);
      atLevel(frontEnd, levelDb)(out.subarray(offset, offset + count * nMels));
    },
  };
}

/** The vectors of both. */
function joined(a: Vectors, b: Vectors): Vectors {
  const data = new Float32Array(a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return { data, size: a.size };
}

/**
 * Segments of silence and noise; each sound is made when it is read.
 * @param seed other sounds for another one
 */
function classlessSegments(
  { info: { frontEnd, segmentFrames } }: TrainedModel,
  seed: string,
  nPerSound: number,
): FrameSource {
  const durationSec = ((segmentFrames - 1) * frontEnd.hopLength) / frontEnd.sampleRate;
  const sounds = FITTED_SOUNDS.flatMap((kind) => Array.from({ length: nPerSound }, () => kind));
  return {
    clips: sounds.map(() => ({ nFrames: segmentFrames })),
    nMels: frontEnd.nMels,
    async readFrames(i, _first, count, out, offset) {
      const random = new Random(`novelty/${seed} ${i}`);
      const levelDb = random.uniform(LEVELS_DB.min, LEVELS_DB.max);
      const { data } = classlessSound(sounds[i], frontEnd, random, { durationSec, levelDb });
      out.set(data.subarray(0, count * frontEnd.nMels), offset);
    },
  };
}

/** The embeddings of segments, and the weight of each in its clip. */
interface SegmentVectors extends Vectors {
  readonly weights: Float32Array;
}

/** The embeddings of clips of one segment each. */
async function netEmbeddings(
  session: Session,
  source: FrameSource,
  model: TrainedModel,
  signal: AbortSignal | undefined,
): Promise<SegmentVectors> {
  const rows: Float32Array[] = [];
  const weights: number[] = [];
  const runs = {
    segmentFrames: model.info.segmentFrames,
    maxSegments: segmentsPerRun(model),
    onProgress: () => signal?.throwIfAborted(),
  };
  await runSegments(session, source, runs, {
    plan: () => [{ first: 0 }],
    visit(_clip, _segment, { embedding: { data, shape }, weight }, row) {
      rows.push(data.slice(row * shape[1], (row + 1) * shape[1]));
      weights.push(weight?.data[row] ?? 1);
    },
  });
  const size = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) data.set(row, i * size);
  if (!isFiniteData(data)) throw new DataError("model", "gives numbers that are not finite; train it again");
  return { data, size, weights: Float32Array.from(weights) };
}
