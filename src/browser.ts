/**
 * timbrel as a library for browsers: tags audio with a trained model, and trains models on sounds that a page has. Nothing leaves
 * the page.
 *
 * ```ts
 * import { loadTagger } from "timbrel/browser";
 *
 * const tagger = await loadTagger(); // the instrument model that comes with timbrel
 * const { tags } = await tagger.predict(file); // a File that was dropped
 * ```
 *
 * To train, make features with `extractClip`, gather them with `featuresInMemory`, and call `trainModel`; `encodeModel` gives the file
 * that the command line and Node read. ONNX Runtime computes in the thread that calls it: train in a worker.
 * @module timbrel/browser
 */

import { waveformStream } from "./audio/waveform-stream.js";
import { DataError, UsageError } from "./core/errors.js";
import { isBytes, kindOf, toBytes } from "./core/inputs.js";
import { checkOptions, optional } from "./core/setting-checks.js";
import type { Tensor } from "./core/tensor.js";
import { type OpenFeatures, readFeatures } from "./features/clip-features.js";
import { checkIsFrontEnd, type FrontEnd, frontEnd } from "./features/front-end.js";
import { type Engine, engineOption } from "./runtime/engine.js";
import { webEngine } from "./runtime/web.js";
import { bytesOpener, featuresOf } from "./tagging/audio-source.js";
import {
  type AnyAudio,
  type AudioPlace,
  type LoadedTagger,
  loadedTagger,
  openIn,
} from "./tagging/loaded-tagger.js";
import { type AnyModel, decodeAnyModel, openTagger } from "./tagging/open-tagger.js";
import { openedFeatures, type ReadOptions } from "./tagging/opened-features.js";

// Tag audio

export type { AnyAudio, ByteStream, LoadedTagger } from "./tagging/loaded-tagger.js";
export type { AnyModel } from "./tagging/open-tagger.js";
export { type Embedding, Tagger, type Tagging, type TagOptions } from "./tagging/tagger.js";

// Make features

export { type FeatureData, featuresInMemory, type MemoryClip } from "./dataset/feature-data.js";
export { type FrontEnd, frontEnd } from "./features/front-end.js";

// Train

export { NETS, netConfig } from "./nn/architectures.js";
export { OPTIMIZERS } from "./nn/optimizers.js";
export { huggingFaceFiles } from "./tagging/hugging-face.js";
export { decodeModel, encodeModel, type TrainedModel } from "./tagging/model-file.js";
export { waveformModel } from "./tagging/waveform-model.js";
export { DivergedError } from "./training/fit.js";
export { type ModelRun, trainModel } from "./training/train-model.js";

// Score

export { type Evaluation, evaluateModel } from "./evaluation/evaluate-model.js";

// The engine that runs models, and errors

export { DataError, UsageError } from "./core/errors.js";
export type { Engine } from "./runtime/engine.js";
export { type WebDevice, webEngine } from "./runtime/web.js";

const SHIPPED_MODEL = new URL("../../models/instruments.onnx", import.meta.url);

/** @throws DataError if there is nothing at the URL */
async function fetched(url: string | URL): Promise<Uint8Array> {
  const response = await fetch(url).catch((error: unknown) => {
    throw new DataError(String(url), `cannot be fetched: ${(error as Error).message}`);
  });
  if (!response.ok)
    throw new DataError(
      String(url),
      `cannot be fetched: the server answers ${response.status} ${response.statusText}`,
    );
  return new Uint8Array(await response.arrayBuffer());
}

/** Reads the bytes when they are opened, and keeps them for a second time. */
function ofBytes(read: () => Promise<Uint8Array>, name: string): OpenFeatures {
  let bytes: Uint8Array | undefined;
  return async (made, options) => {
    bytes ??= await read();
    return featuresOf(bytesOpener(bytes, name), name)(made, options);
  };
}

/** The page: files are fetched, and everything is computed in the thread that asks for it. */
const PAGE: AudioPlace = {
  file: (url) => ofBytes(() => fetched(url), String(url)),
  bytes: ofBytes,
  samples: (channels, name) => featuresOf(async () => waveformStream(channels), name),
  close: async () => {},
};

/**
 * Opens a model.
 * @param model URL of a model file or of a linear baseline, its bytes, or a model in memory, e.g. one that `trainModel` trained;
 *   `@default` the instrument model that comes with timbrel
 * @param options.engine `@default` WebAssembly
 * @throws UsageError for anything else
 * @throws DataError if the file cannot be fetched or is not a timbrel model
 */
export async function loadTagger(
  model: string | URL | Uint8Array | ArrayBuffer | AnyModel = SHIPPED_MODEL,
  options: { engine?: Engine } = {},
): Promise<LoadedTagger> {
  checkOptions<typeof options>(options, { engine: optional(engineOption) });
  const engine = options.engine ?? webEngine();
  return loadedTagger(await openTagger(await modelOf(model), engine, "model"), PAGE);
}

async function modelOf(model: unknown): Promise<AnyModel> {
  if (isBytes(model)) return decodeAnyModel(toBytes("model", model), "model");
  if (typeof model === "string" || model instanceof URL)
    return decodeAnyModel(await fetched(model), String(model));
  if (Object(model).weights instanceof Map) return model as AnyModel;
  throw new UsageError({
    setting: "model",
    rule: "be the URL of a model file, its bytes, or a trained model",
    got: kindOf(model),
  });
}

/** What `extractClip` makes of a clip. */
export interface ExtractedClip {
  /** [nFrames, nMels] */
  readonly features: Tensor;
  /** Entries as in `DESCRIPTOR_NAMES`. */
  readonly descriptors: Float32Array;
  readonly durationSec: number;
}

/**
 * Computes a clip's features and descriptors, for `featuresInMemory`.
 * @param audio as `LoadedTagger.predict` takes it
 * @param made `@default` the front end of `frontEnd()`
 * @throws DataError if the audio cannot be read or decoded
 */
export async function extractClip(
  audio: AnyAudio,
  made: FrontEnd = frontEnd(),
  options: ReadOptions = {},
): Promise<ExtractedClip> {
  checkIsFrontEnd("frontEnd", made);
  const open = openIn(PAGE, audio, made.sampleRate);
  const clip = await openedFeatures(open, made, options, { describes: true });
  const features = await readFeatures(clip, made);
  return { features, descriptors: clip.descriptors(), durationSec: clip.durationSec };
}
