import type { AudioInput } from "../audio/inputs.js";
import { DataError, UsageError } from "../core/errors.js";
import type { OpenFeatures } from "../features/clip-features.js";
import { DESCRIPTOR_NAMES } from "../features/descriptors.js";
import { checkEngine, type Engine, type Session } from "../runtime/engine.js";
import { Uses } from "../runtime/uses.js";
import { bytesOpener, featuresOf, type OpenAudio, samplesOpener } from "./audio-source.js";
import { descriptorCount, type LinearInfo, type LinearModel, linearGraph } from "./linear-model.js";
import { openedFeatures } from "./opened-features.js";
import { checkProbabilities } from "./probabilities.js";
import { mergeIntoEvents } from "./segments.js";
import { checkTagOptions, type Tagging, type TagOptions } from "./tagger.js";
import { tagsFrom } from "./tags.js";

/**
 * A linear baseline, ready to tag audio like a `Tagger`: it computes the descriptors of the whole clip, as extraction does,
 * and answers from them alone. Its one segment is the whole clip.
 */
export class LinearTagger {
  readonly info: LinearInfo;
  readonly #session: Session;
  readonly #uses = new Uses("tagger");
  /** The baseline's name in errors. */
  readonly #path: string;

  private constructor(info: LinearInfo, session: Session, path: string) {
    this.info = info;
    this.#session = session;
    this.#path = path;
  }

  /**
   * Opens a linear baseline.
   * @param path its name in errors
   * @throws DataError if it reads other descriptors than timbrel's own
   */
  static async of(model: LinearModel, engine: Engine, path = "model"): Promise<LinearTagger> {
    checkEngine(engine);
    const nDescriptors = descriptorCount(model);
    if (nDescriptors !== DESCRIPTOR_NAMES.length)
      throw new DataError(
        path,
        `reads ${nDescriptors} descriptors, and audio has ${DESCRIPTOR_NAMES.length}: it was trained on descriptors of another program`,
      );
    return new LinearTagger(model.info, await engine.open(linearGraph(model, model.info)), path);
  }

  /** The labels, in the order of the model's output. */
  get labels(): readonly string[] {
    return this.info.labels;
  }

  /** As `Tagger.tagAudio`. */
  async tagAudio(bytes: Uint8Array | ArrayBuffer, path: string, options: TagOptions = {}): Promise<Tagging> {
    return this.tagStream(bytesOpener(bytes, path), path, options);
  }

  /** As `Tagger.tagStream`. */
  async tagStream(open: OpenAudio, path: string, options: TagOptions = {}): Promise<Tagging> {
    return this.tagFeatures(featuresOf(open, path), options);
  }

  /** As `Tagger.tagFeatures`. */
  async tagFeatures(open: OpenFeatures, options: TagOptions = {}): Promise<Tagging> {
    checkTagOptions(options);
    return this.#uses.run(() => this.#tag(open, options));
  }

  /** As `Tagger.tagWaveform`. */
  async tagWaveform(audio: AudioInput, options: TagOptions = {}): Promise<Tagging> {
    checkTagOptions(options);
    const open = samplesOpener(audio, this.info.frontEnd.sampleRate);
    const maxDurationSec = options.maxDurationSec ?? Number.POSITIVE_INFINITY;
    return this.tagStream(open, "audio", { ...options, maxDurationSec });
  }

  async #tag(open: OpenFeatures, options: TagOptions): Promise<Tagging> {
    const { frontEnd } = this.info;
    const { segments } = options;
    if (segments?.hopSec !== undefined)
      throw new UsageError({
        setting: "segments.hopSec",
        rule: "be used with a net: a linear baseline answers for the whole clip",
        got: segments.hopSec,
      });
    const features = await openedFeatures(open, frontEnd, options, { describes: true });
    for await (const _ of features.rows()); // what extraction rejects is rejected here
    const data = features.descriptors();
    const { probabilities } = await this.#session.run({ inputs: { data, shape: [1, data.length] } });
    checkProbabilities(probabilities.data, this.#path);
    const isUnknown = features.warnings.some(({ code }) => code === "silent");
    const { threshold } = options;
    const tags = tagsFrom(this.info, probabilities.data, { threshold, isUnknown });
    const { durationSec } = features;
    const whole = { startSec: 0, endSec: durationSec };
    return {
      tags,
      novelty: null,
      noveltyLimit: null,
      isUnknown,
      segments: [{ ...whole, tags, novelty: null, isUnknown, weight: 1 }],
      events: mergeIntoEvents([{ ...whole, answers: tags.filter(({ isPresent }) => isPresent) }]),
      durationSec,
      warnings: features.warnings,
    };
  }

  /** Frees the model's memory once the answers that are awaited have been given. May be called again. */
  async close(): Promise<void> {
    await this.#uses.close(() => this.#session.close());
  }
}
