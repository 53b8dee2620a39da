import { existsSync } from "node:fs";
import { DataError, errorLine } from "../core/errors.js";
import { isBackground } from "../dataset/known-labels.js";
import type { ClipSplits } from "../dataset/splits.js";
import { type Evaluation, evaluateModel } from "../evaluation/evaluate-model.js";
import { type ProgressBar, progressBar } from "../report/progress.js";
import { print, say } from "../report/terminal.js";
import type { Engine } from "../runtime/engine.js";
import { removeFile } from "../store/atomic-file.js";
import { readModelFile } from "../store/read-files.js";
import type { FeatureStore } from "../store/store.js";
import { linearModel } from "../tagging/linear-model.js";
import { decodeModel } from "../tagging/model-file.js";
import { runPaths } from "../training/run-folder.js";
import type { TrainResult } from "../training/train-tagger.js";
import { thisCommandLine } from "./command-line.js";
import { EXIT } from "./exit.js";

/** Removes the report of a run. */
export function removeReport(out: string): void {
  const { report, numbers, card } = runPaths(out);
  for (const path of [report, numbers, card]) removeFile(path);
}

/** The splits that a run's model can be scored on, the one to quote first: a split of background clips alone has no scores. */
export function scoredSplits(splits: ClipSplits): ("test" | "valid")[] {
  return (["test", "valid"] as const).filter((split) => !splits[split].every(isBackground));
}

/**
 * Writes the report and the model card of a run into its folder: scores on the test clips, if there are any, and on the
 * validation clips. If they cannot be written, a line says why: the model is there, and the run has not failed. Ctrl-C ends
 * the process; nothing is then written.
 * @param run.again command line that writes the report later
 */
export async function reportRun(
  store: FeatureStore,
  {
    out,
    splits,
    result,
    engine,
    again,
  }: {
    out: string;
    splits: ClipSplits;
    result: Pick<TrainResult, "history">;
    engine: Engine;
    again: string;
  },
): Promise<void> {
  const paths = runPaths(out);
  let bar: ProgressBar | undefined;
  const interrupted = (): void => {
    bar?.stop();
    say("\nstopped before the report was written; the run is whole, and to write its report:");
    say(`  ${again}`);
    process.exit(EXIT.interrupted);
  };
  process.on("SIGINT", interrupted).on("SIGTERM", interrupted);
  try {
    const model = decodeModel(readModelFile(paths.model), paths.model);
    const { info } = model;
    const hasLinear = existsSync(paths.linear);
    const linear = hasLinear ? linearModel(readModelFile(paths.linear), paths.linear, info) : null;
    const parts = scoredSplits(splits);
    bar = progressBar("report", parts.length);
    const evaluations: Evaluation[] = [];
    for (const split of parts) {
      evaluations.push(await evaluateModel(model, store, { engine, split, linear }));
      bar.update(evaluations.length);
    }
    bar.stop();
    const { writeReport } = await import("../report/write-report.js"); // charts take a while to load
    const [first, ...others] = evaluations;
    await writeReport(
      {
        model: paths.model,
        info,
        data: store,
        splits,
        command: thisCommandLine(),
        evaluations: [first, ...others],
        history: result.history,
      },
      { paths: { page: paths.report, numbers: paths.numbers, card: paths.card }, storeDir: store.dir },
    );
    print(`report: ${paths.report}`);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    say(`no report: ${errorLine(error)}`);
    say(`the run is whole; to write its report later:\n  ${again}`);
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    bar?.stop();
  }
}
