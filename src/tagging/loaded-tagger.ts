import { type AudioInput, type Channels, hasSamples } from "../audio/inputs.js";
import { UsageError } from "../core/errors.js";
import { isBytes, kindOf, toBytes } from "../core/inputs.js";
import type { OpenFeatures } from "../features/clip-features.js";
import { checkedChannels } from "./audio-source.js";
import type { AnyTagger } from "./open-tagger.js";
import type { ReadOptions } from "./opened-features.js";
import { type Embedding, Tagger, type Tagging, type TagOptions } from "./tagger.js";

/** A stream of an audio file's bytes: one of Node, such as a request's body, or one of the web. */
export type ByteStream = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** An audio file by its path or URL, its bytes, a blob or stream of them, or samples. */
export type AnyAudio = string | URL | Uint8Array | ArrayBuffer | Blob | ByteStream | AudioInput;

/** An open model that tags audio. In Node it is decoded in other threads, one for each core at most. */
export interface LoadedTagger {
  /** The labels, in the order of the model's output. */
  readonly labels: readonly string[];
  /**
   * Tags a file by its path or `file:` URL (in a browser, by a URL that it fetches), the bytes of a file, a blob or a stream of
   * them, or samples in memory, of any rate and number of channels. A stream is read to its end before it is decoded.
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

/** What a place can open: a file that it knows by a name, bytes, or samples. */
export interface AudioPlace {
  /** Opens a file by its path or URL. @throws UsageError if it is none */
  file(audio: string | URL): OpenFeatures;
  /** Opens the bytes of a file, called `name` in errors; they are read once, when it is opened. */
  bytes(read: () => Promise<Uint8Array>, name: string): OpenFeatures;
  /** Opens samples, called `name` in errors. */
  samples(channels: Channels, name: string): OpenFeatures;
  /** Frees what it holds. */
  close(): Promise<void>;
}

const NAME = "audio";

/**
 * Opens audio as a place does.
 * @param sampleRate that samples will be resampled to [Hz]
 * @throws UsageError for what is no audio
 */
export function openIn(place: AudioPlace, audio: AnyAudio, sampleRate: number): OpenFeatures {
  if (typeof audio === "string" || audio instanceof URL) return place.file(audio);
  if (isBytes(audio)) {
    const bytes = toBytes(NAME, audio).slice(); // the caller may write to them before they are decoded
    return place.bytes(async () => bytes, NAME);
  }
  if (audio instanceof Blob) return place.bytes(() => bytesOf(audio), NAME);
  if (isStream(audio)) return place.bytes(() => streamBytes(audio), NAME);
  if (!hasSamples(audio))
    throw new UsageError({
      setting: NAME,
      rule: "be the path or URL of an audio file, its bytes, a blob or stream of them, or samples with their `sampleRate`",
      got: kindOf(audio),
    });
  const channels = checkedChannels(audio, sampleRate);
  return place.samples(
    { ...channels, channelData: channels.channelData.map((samples) => samples.slice()) },
    NAME,
  );
}

/** Makes a tagger that opens audio as a place does. */
export function loadedTagger(tagger: AnyTagger, place: AudioPlace): LoadedTagger {
  const open = (audio: AnyAudio) => openIn(place, audio, tagger.info.frontEnd.sampleRate);
  return {
    labels: tagger.labels,
    predict: async (audio, options) => tagger.tagFeatures(open(audio), unlimited(audio, options)),
    async embed(audio, options) {
      if (!(tagger instanceof Tagger))
        throw new UsageError({
          setting: "model",
          rule: "be a net",
          got: "a linear baseline, which has no embedding",
        });
      return tagger.embedFeatures(open(audio), unlimited(audio, options));
    },
    async close() {
      await tagger.close();
      await place.close();
    },
  };
}

/** Samples that are in memory already may be of any length. */
function unlimited<T extends ReadOptions>(audio: AnyAudio, options: T | undefined): T {
  const isInMemory = typeof audio === "object" && hasSamples(audio) && !isBytes(audio);
  return { ...(isInMemory ? { maxDurationSec: Number.POSITIVE_INFINITY } : {}), ...options } as T;
}

async function bytesOf(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}

function isStream(value: unknown): value is ByteStream {
  const { [Symbol.asyncIterator]: iterate, getReader } = Object(value);
  return typeof iterate === "function" || typeof getReader === "function";
}

/** @throws UsageError if a piece of the stream is not bytes */
async function streamBytes(stream: ByteStream): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of Symbol.asyncIterator in stream ? stream : piecesOf(stream))
    pieces.push(toBytes("a piece of the stream", piece));
  return bytesOf(new Blob(pieces as BlobPart[]));
}

/** Some browsers cannot iterate over streams. */
async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}
