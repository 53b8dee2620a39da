import { UsageError } from "../core/errors.js";
import { mainMeasure } from "../evaluation/measures.js";
import { calibrationLines } from "../report/calibration.js";
import { splitTable } from "../report/split-table.js";
import { percent } from "../report/table.js";
import { print } from "../report/terminal.js";
import type { Engine } from "../runtime/engine.js";
import type { EmbeddingTable } from "../store/embedding-table.js";
import { openStore } from "../store/store.js";
import { trainHeadInto } from "../training/head-folder.js";
import type { HeadConfig } from "../training/train-head.js";
import { commandLine, thisCommandLine } from "./command-line.js";
import { removeReport, reportRun, scoredSplits } from "./run-report.js";
import { storeEmbeddings } from "./store-embeddings.js";
import { checkStoreFits } from "./store-fits.js";
import type { StartModel } from "./train-settings.js";

/** What `train --head linear` is asked for. */
interface HeadJob {
  readonly out: string;
  readonly start: StartModel | undefined;
  readonly config: HeadConfig;
  readonly overwrite: boolean;
  readonly engine: Engine;
}

/** Fits a new last layer to the embeddings of a store's clips, and says how good it is. */
export async function trainLinearHead(storeDir: string, job: HeadJob): Promise<void> {
  const { out, start, config, overwrite, engine } = job;
  if (start === undefined)
    throw new UsageError({
      setting: "--head",
      rule: "be used with --from, since a linear head reads the embeddings of a model",
      got: "a run that starts from no model",
      remedy: "name the model with --from",
    });
  const store = openStore(storeDir);
  checkStoreFits(store, start.model, start.path);
  const table = await storeEmbeddings(store, start.model, engine);
  if (table === null) return;
  const { model, task, splits, l2, neighbours, modelPath } = await trainHeadInto(out, store, start.model, {
    ...{ config, overwrite, engine },
    embeddingsOf: (clips) => rowsOf(table, clips),
    onStart: (run) => print(splitTable(run.splits)),
  });
  removeReport(out); // it is about an older model
  const { title, name } = mainMeasure(task);
  print(`\nlinear head on the embeddings of ${start.path}, L2 penalty ${l2}`);
  print(`${title} ${percent(model.info.valid[name])} on the validation split`);
  print(`vote of the ${neighbours.k} nearest training clips: ${percent(neighbours.score)}`);
  for (const line of calibrationLines(model.info.calibration!)) print(line);
  print(`model: ${modelPath}`);
  const flags = scoredSplits(splits)[0] === "test" ? [] : ["--split", "valid"];
  print(`next:  ${commandLine("evaluate", [modelPath, storeDir, ...flags])}`);
  print(`       ${commandLine("predict", ["<audio>", "--model", modelPath])}`);
  const again = thisCommandLine();
  await reportRun(store, { out, splits, result: { history: [] }, engine, again });
}

async function rowsOf(
  table: EmbeddingTable,
  clips: readonly { audioHash: string }[],
): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (const { audioHash } of clips) {
    const row = new Float32Array(table.size);
    await table.read(table.rowOf(audioHash)!, 1, row);
    rows.push(row);
  }
  return rows;
}
