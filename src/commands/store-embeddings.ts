import { type ProgressBar, progressBar } from "../report/progress.js";
import { say } from "../report/terminal.js";
import type { Engine } from "../runtime/engine.js";
import type { EmbeddingTable } from "../store/embedding-table.js";
import type { FeatureStore } from "../store/store.js";
import type { TrainedModel } from "../tagging/model-file.js";
import { embedStore } from "../training/embed-store.js";
import { thisCommandLine } from "./command-line.js";
import { interruptible } from "./interrupt.js";

/**
 * The embeddings of a store's clips, computed with a progress bar if some are missing. Ctrl-C keeps those that are done, and
 * says how to go on.
 * @returns null if it was interrupted
 */
export async function storeEmbeddings(
  store: FeatureStore,
  model: TrainedModel,
  engine: Engine,
): Promise<EmbeddingTable | null> {
  let bar: ProgressBar | undefined;
  return await interruptible("within a second", async ({ signal, begin }) => {
    try {
      return await embedStore(store, model, {
        engine,
        signal,
        onProgress(done, total) {
          if (bar === undefined) begin();
          bar ??= progressBar("embedding", total);
          bar.update(done);
        },
      });
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
      bar?.stop();
      say("stopped; the embeddings that are done are kept; to continue, run it again:");
      say(`  ${thisCommandLine()}`);
      return null;
    } finally {
      bar?.stop();
    }
  });
}
