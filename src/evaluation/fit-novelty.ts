import { DataError } from "../core/errors.js";
import { Random } from "../core/random.js";
import { isFiniteData, type Tensor } from "../core/tensor.js";
import { checkTrain, type FeatureSet } from "../dataset/feature-set.js";
import { segmentStarts } from "../dataset/segments.js";
import { CLASSLESS_SOUNDS, classlessSound } from "../features/classless-sounds.js";
import { type Engine, type Session, withSession } from "../runtime/engine.js";
import { type FrameSource, runSegments } from "../tagging/aggregate.js";
import type { Calibration } from "../tagging/calibration.js";
import { logitsGraph, segmentsPerRun, type TrainedModel } from "../tagging/model-file.js";
import { ClipNovelty, type NoveltyScore } from "../tagging/novelty.js";
import { ridgeDirection, type Vectors } from "./ridge-direction.js";
import { LEAST_CLIPS } from "./temperature.js";

/** Training segments that are read at most, evenly chosen. */
const MAX_SEGMENTS = 2000;
/** The sounds of no class that are used, all but the hum and the clicks; these show what becomes of other sounds. */
const SOUNDS = CLASSLESS_SOUNDS.slice(0, 4);
/** Range of their levels [dB relative to full scale]. */
const LEVELS_DB = { min: -60, max: -10 } as const;
/** Fraction of the validation clips below the limit, and of the others above it, if both are possible. */
const RIGHT = 0.95;

/** When a model calls a sound unknown. */
export interface FittedNovelty {
  readonly noveltyDirection: Tensor;
  readonly unknown: NonNullable<Calibration["unknown"]>;
}

/** The net's outputs, one row for each clip of a source that has one segment per clip. */
interface Outputs {
  readonly embeddings: Vectors;
  /** Of softmax(logits); 0 in a multi-label task. */
  readonly entropies: Float64Array;
}

/**
 * Fits what a model says *unknown* by. The direction in the embedding is the one that tells the training segments from the
 * background clips, silence, and noise of three colours at many levels; it and the entropy are scaled so that each has mean 0
 * and deviation 1 over the segments of the validation clips. The threshold is halfway between the novelty that 95 % of the
 * validation clips stay below, and the one that 95 % of other silence and noise exceed, and 95 % of the background clips in
 * the validation split; if the latter is lower, it is the former.
 *
 * Chosen by measurement among maximum probability, energy, distances to classes and neighbours in the embedding, and
 * ViM; see models/README.md.
 * @param model without a calibration, over the sets' labels
 * @returns null with fewer than 20 validation clips: a threshold would be that of one of them
 * @throws DataError if the model gives numbers that are not finite; the signal's reason if it is aborted
 */
export async function fitNovelty(
  model: TrainedModel,
  sets: { readonly train: FeatureSet<"train">; readonly valid: FeatureSet<"valid"> },
  { engine, signal }: { readonly engine: Engine; readonly signal?: AbortSignal | undefined },
): Promise<FittedNovelty | null> {
  const { train, valid } = sets;
  checkTrain(train);
  if (valid.clips.length < LEAST_CLIPS) return null;
  const { segmentFrames } = model.info;
  const validation = segmentsOf(valid, segmentFrames);
  const chosen = evenly(segmentsOf(train, segmentFrames), MAX_SEGMENTS);
  const background = evenly(segmentsOf(train.background, segmentFrames), MAX_SEGMENTS);
  const backgroundToo = segmentsOf(valid.background, segmentFrames);
  const sources = {
    train: clipsOfSegments(train, chosen, segmentFrames),
    classless: classlessSegments(model, "fit", 40),
    otherClassless: classlessSegments(model, "limit", 20),
    background: clipsOfSegments(train.background ?? train, background, segmentFrames),
    validation: clipsOfSegments(valid, validation, segmentFrames),
    validationBackground: clipsOfSegments(valid.background ?? valid, backgroundToo, segmentFrames),
  };
  return withSession(engine, logitsGraph(model), async (session) => {
    const outputsOf = (source: FrameSource) => netOutputs(session, source, model, signal);
    const known = (await outputsOf(sources.train)).embeddings;
    const classless = (await outputsOf(sources.classless)).embeddings;
    const others =
      background.length === 0
        ? classless
        : joined(classless, (await outputsOf(sources.background)).embeddings);
    const score = scaled(ridgeDirection(known, others), await outputsOf(sources.validation), model);
    const noveltiesOf = async (source: FrameSource, segments: readonly SegmentOf[] | null) =>
      clipNovelties(await outputsOf(source), score, segments);
    const novelties = await noveltiesOf(sources.validation, validation);
    const unknowns = [
      await noveltiesOf(sources.otherClassless, null),
      await noveltiesOf(sources.validationBackground, backgroundToo),
    ];
    const { direction, entropyWeight, bias } = score;
    const threshold = limitBetween(novelties, unknowns);
    const falseAlarms = novelties.filter((value) => value > threshold).length / novelties.length;
    return { noveltyDirection: direction, unknown: { threshold, entropyWeight, bias, falseAlarms } };
  });
}

/** Scales both terms of the novelty to the validation segments. */
function scaled(
  direction: Float64Array,
  { embeddings, entropies }: Outputs,
  { info }: TrainedModel,
): NoveltyScore {
  const [lean, unsure] = [meanAndStd(leaningOf(embeddings, direction)), meanAndStd(entropies)];
  const entropyWeight = info.task === "single-label" ? 1 / unsure.std : 0;
  return {
    direction: {
      data: Float32Array.from(direction, (value) => value / lean.std),
      shape: [direction.length],
    },
    entropyWeight,
    bias: -lean.mean / lean.std - unsure.mean * entropyWeight,
  };
}

/** The product of each embedding with a direction. */
function leaningOf({ data, size }: Vectors, direction: ArrayLike<number>): Float64Array {
  const leaning = new Float64Array(data.length / size);
  for (let i = 0; i < data.length; i++) leaning[Math.floor(i / size)] += data[i] * direction[i % size];
  return leaning;
}

/**
 * The novelty of every clip, lowest first.
 * @param segments the clip of each row; null if each row is one
 */
function clipNovelties(
  { embeddings, entropies }: Outputs,
  { direction, entropyWeight, bias }: NoveltyScore,
  segments: readonly SegmentOf[] | null,
): Float64Array {
  const ofClip = new Map<number, ClipNovelty>();
  leaningOf(embeddings, direction.data).forEach((leaning, row) => {
    const clip = segments?.[row].clip ?? row;
    const novelty = ofClip.get(clip) ?? new ClipNovelty();
    novelty.add(entropies[row] * entropyWeight + leaning + bias);
    ofClip.set(clip, novelty);
  });
  return Float64Array.from(ofClip.values(), ({ value }) => value).sort();
}

/** The limit between the novelties of known clips and those of each kind of unknown ones, all sorted. */
function limitBetween(known: Float64Array, unknowns: readonly Float64Array[]): number {
  const highKnown = known[Math.ceil(RIGHT * known.length) - 1];
  const lowUnknown = unknowns
    .filter(({ length }) => length > 0)
    .map((novelties) => novelties[Math.floor((1 - RIGHT) * novelties.length)]);
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
  const sounds = SOUNDS.flatMap((kind) => Array.from({ length: nPerSound }, () => kind));
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

async function netOutputs(
  session: Session,
  source: FrameSource,
  model: TrainedModel,
  signal: AbortSignal | undefined,
): Promise<Outputs> {
  const { segmentFrames, task } = model.info;
  const rows: Float32Array[] = [];
  const entropies: number[] = [];
  const runs = {
    segmentFrames,
    maxSegments: segmentsPerRun(model),
    onProgress: () => signal?.throwIfAborted(),
  };
  await runSegments(session, source, runs, {
    plan: () => [{ first: 0 }],
    visit(_clip, _segment, { logits, embedding }, row) {
      const of = ({ data, shape: [, width] }: Tensor) => data.subarray(row * width, (row + 1) * width);
      rows.push(of(embedding).slice());
      entropies.push(task === "single-label" ? entropyOf(of(logits)) : 0);
    },
  });
  const size = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) data.set(row, i * size);
  if (!isFiniteData(data)) throw new DataError("model", "gives numbers that are not finite; train it again");
  return { embeddings: { data, size }, entropies: Float64Array.from(entropies) };
}

/** Entropy of softmax(logits) [nat]. */
function entropyOf(logits: Float32Array): number {
  const greatest = logits.reduce((most, value) => Math.max(most, value));
  let [sum, weighted] = [0, 0];
  for (const logit of logits) {
    const part = Math.exp(logit - greatest);
    sum += part;
    weighted += part * (logit - greatest);
  }
  return Math.log(sum) - weighted / sum;
}

function joined(a: Vectors, b: Vectors): Vectors {
  const data = new Float32Array(a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return { data, size: a.size };
}
