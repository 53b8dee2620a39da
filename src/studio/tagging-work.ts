import { decodeAudio } from "../audio/decode.js";
import { downmix } from "../audio/downmix.js";
import { encodeWav } from "../audio/encode-wav.js";
import { UsageError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import { raiseTo } from "../features/compress.js";
import { FeatureStream } from "../features/feature-stream.js";
import type { FrontEnd } from "../features/front-end.js";
import { AveragedRows } from "../report/averaged-rows.js";
import { webEngine } from "../runtime/web.js";
import { bytesOpener, type OpenAudio, samplesOpener } from "../tagging/audio-source.js";
import { type AnyTagger, decodeAnyModel, openTagger } from "../tagging/open-tagger.js";
import type { Tagging, TagOptions } from "../tagging/tagger.js";
import { Peaks } from "./peaks.js";
import { shippedModel } from "./shipped-bytes.js";

/** What the page shows of an open model. */
export interface ModelFacts {
  readonly labels: readonly string[];
  readonly frontEnd: FrontEnd;
}

/** The answer for a file, with what is drawn of it. */
export interface FileAnswer {
  readonly tagging: Tagging;
  /** Log-mel values [nRows, nMels]; a row of a long file is the mean of neighbours. */
  readonly logMel: Tensor;
  /** As `Peaks.end` returns them. */
  readonly peaks: Float32Array;
}

/** The work of the thread that tags. It holds one open model. */
export class TaggingWork {
  #tagger: AnyTagger | undefined;

  /**
   * Opens a model in place of the one before.
   * @param bytes a model file's content; null for the model that comes with timbrel
   * @throws DataError if it is no model file; the model before stays open
   */
  async open(bytes: Uint8Array | null, name: string): Promise<ModelFacts> {
    const model = decodeAnyModel(bytes ?? (await shippedModel()), name);
    const tagger = await openTagger(model, webEngine(), name);
    await this.#tagger?.close();
    this.#tagger = tagger;
    const { labels, frontEnd } = model.info;
    return { labels, frontEnd };
  }

  /**
   * Tags a file, and gathers what is drawn of it on the way.
   * @param onProgress gets the fraction that is done, null if the file does not say how long it is
   * @throws DataError if it cannot be decoded
   */
  async tag(file: Blob, name: string, onProgress: (done: number | null) => void): Promise<FileAnswer> {
    const open = bytesOpener(new Uint8Array(await file.arrayBuffer()), name);
    const onBlock = ({ doneSec, totalSec }: { doneSec: number; totalSec: number | null }) =>
      onProgress(totalSec ? Math.min(1, doneSec / totalSec) : null);
    return this.#answer(open, name, { onProgress: onBlock });
  }

  /** The same for samples in memory, such as a microphone's. */
  async tagSamples(samples: Float32Array, sampleRate: number): Promise<FileAnswer> {
    const open = samplesOpener({ samples, sampleRate }, this.#opened().info.frontEnd.sampleRate);
    return this.#answer(open, "recording", {});
  }

  /** Decodes a file to mono WAV, for a browser that cannot play its format. */
  async toWav(file: Blob, name: string): Promise<Uint8Array> {
    return encodeWav(downmix(await decodeAudio(await file.arrayBuffer(), name)));
  }

  async #answer(open: OpenAudio, name: string, options: TagOptions): Promise<FileAnswer> {
    let seen: SeenFeatures | undefined;
    const tagging = await this.#opened().tagFeatures(async (frontEnd, reading) => {
      seen = new SeenFeatures(await open(), frontEnd, name, reading);
      return seen;
    }, options);
    return { tagging: plain(tagging), ...seen!.picture() };
  }

  #opened(): AnyTagger {
    if (this.#tagger === undefined)
      throw new UsageError({ setting: "model", rule: "be open", got: "none", remedy: "open one" });
    return this.#tagger;
  }
}

/** Features of which a picture is kept as they pass. */
class SeenFeatures extends FeatureStream {
  readonly #peaks: Peaks;
  readonly #rows: AveragedRows;

  constructor(...[audio, frontEnd, path, options]: ConstructorParameters<typeof FeatureStream>) {
    const peaks = new Peaks();
    super(audio, frontEnd, path, { ...options, onMono: (samples) => peaks.push(samples) });
    this.#peaks = peaks;
    this.#rows = new AveragedRows(frontEnd.nMels);
  }

  override async *rows(): AsyncGenerator<Float32Array> {
    for await (const rows of super.rows()) {
      this.#rows.push(rows);
      yield rows;
    }
  }

  picture(): Omit<FileAnswer, "tagging"> {
    const { data, shape } = this.#rows.end();
    raiseTo(this.least, data);
    return {
      logMel: { data: data.slice(), shape },
      peaks: this.#peaks.end(),
    };
  }
}

/** An answer that can be sent to another thread: without getters. */
function plain(tagging: Tagging): Tagging {
  return { ...tagging, segments: tagging.segments.map((segment) => ({ ...segment, tags: segment.tags })) };
}
