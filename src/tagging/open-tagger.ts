import { decodeMetadata } from "../graph/index.js";
import type { Engine } from "../runtime/engine.js";
import { decodeLinearModel, LINEAR_RECORD, type LinearModel } from "./linear-model.js";
import { LinearTagger } from "./linear-tagger.js";
import { checkModel, decodeModel, isSafetensors, type TrainedModel } from "./model-file.js";
import { Tagger } from "./tagger.js";

/** A net, or the linear baseline. */
export type AnyModel = TrainedModel | LinearModel;

/** A model that tags audio, whatever it reads. */
export type AnyTagger = Pick<
  Tagger,
  "labels" | "tagAudio" | "tagFeatures" | "tagStream" | "tagWaveform" | "close"
> & {
  readonly info: AnyModel["info"];
};

/** Whether a model is a linear baseline. */
export function isLinear(model: AnyModel): model is LinearModel {
  return model.net.kind === "linear";
}

/**
 * Decodes the file of a model or of a linear baseline.
 * @param path its name in errors
 * @throws DataError if the bytes are neither, or are damaged
 */
export function decodeAnyModel(bytes: Uint8Array, path: string): AnyModel {
  const isBaseline = !isSafetensors(bytes) && decodeMetadata(bytes, path)[LINEAR_RECORD] !== undefined;
  return isBaseline ? decodeLinearModel(bytes, path) : decodeModel(bytes, path);
}

/**
 * Opens a model or a linear baseline.
 * @param path its name in errors
 */
export async function openTagger(model: AnyModel, engine: Engine, path: string): Promise<AnyTagger> {
  checkModel(model);
  return isLinear(model) ? LinearTagger.of(model, engine, path) : Tagger.of(model, engine, path);
}
