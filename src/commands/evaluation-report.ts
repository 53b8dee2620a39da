import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ownSplits } from "../evaluation/choose-clips.js";
import type { Evaluation } from "../evaluation/evaluate-model.js";
import type { FeatureStore } from "../store/store.js";
import type { AnyModel } from "../tagging/open-tagger.js";
import type { EpochRecord } from "../training/fit.js";
import { RUN_FILES } from "../training/run-folder.js";
import { thisCommandLine } from "./command-line.js";
import type { Output } from "./output-paths.js";

const FLAG = "--report";

/** Path of a report's numbers: `<name>.json` beside `<name>.html`. */
const numbersPath = (page: string) => page.replace(/(\.html?)?$/i, ".json");

/** The files of a report. */
export function reportOutputs(page: string): Output[] {
  return [
    { flag: FLAG, path: page, kind: "HTML" },
    { flag: FLAG, path: numbersPath(page), kind: "JSON report" },
  ];
}

/** Writes the report of an evaluation, and its numbers beside it. */
export async function reportEvaluation(
  page: string,
  {
    model,
    info,
    store,
    evaluation,
  }: { model: string; info: AnyModel["info"]; store: FeatureStore; evaluation: Evaluation },
): Promise<void> {
  const { writeReport } = await import("../report/write-report.js"); // charts take a while to load
  await writeReport(
    {
      model,
      info,
      data: store,
      splits: ownSplits(store.clips, info),
      command: thisCommandLine(),
      evaluations: [evaluation],
      history: historyBeside(model, info),
    },
    { paths: { page, numbers: numbersPath(page), card: null }, storeDir: store.dir },
  );
}

/** The epochs of the run in the model's folder; null if there are none, or they are of another run. */
function historyBeside(model: string, info: AnyModel["info"]): EpochRecord[] | null {
  const path = join(dirname(model), RUN_FILES.metrics);
  if (!("epoch" in info) || !existsSync(path)) return null;
  try {
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const history = lines.map((line) => JSON.parse(line) as EpochRecord);
    return history[info.epoch - 1]?.valid.loss === info.valid["loss"] ? history : null;
  } catch {
    return null; // a damaged list is no reason to have no report
  }
}
