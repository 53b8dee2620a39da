import { existsSync, rmSync, writeFileSync } from "node:fs";
import type { Task } from "../nn/training-step.js";
import type { Engine } from "../runtime/engine.js";
import { nodeEngine } from "../runtime/node.js";
import { ensureFolder, writeAtomically } from "../store/atomic-file.js";
import type { FeatureStore } from "../store/store.js";
import { encodeModel } from "../tagging/model-file.js";
import { encodeCheckpoint } from "./checkpoint.js";
import type { TrainConfig } from "./config.js";
import { DivergedError, type EpochAnswer, type EpochRecord, type FitResult, type StepReport } from "./fit.js";
import { trainLinearBaseline } from "./linear-baseline.js";
import { checkpointToResume, runPaths } from "./run-folder.js";
import { encodeSafetensors } from "./safetensors.js";
import { type RunStart, trainModel } from "./train-model.js";

/** Events of a run. */
export interface TrainEvents {
  /** Called once, when the run is set up. */
  onStart?: (run: RunStart) => void;
  onStep?: (report: StepReport) => void;
  /** Called after every epoch, once its checkpoint is written; may return "stop" to end the run. */
  onEpoch?: (record: EpochRecord, isBest: boolean) => EpochAnswer;
}

/** A run's outcome. */
export interface TrainResult {
  readonly task: Task;
  readonly ended: FitResult["ended"];
  readonly bestEpoch: number;
  readonly history: readonly EpochRecord[];
  readonly modelPath: string;
}

/**
 * Trains a tagger on a feature store as `trainModel` does, and writes to a folder: a checkpoint after every epoch, the
 * model of the best epoch, and the linear baseline next to it.
 *
 * @param outDir the run's folder
 * @param options.config settings that differ from the defaults; with `resume` the checkpoint has them, and only `epochs`
 *   and `patience` may change
 * @param options.engine `@default` ONNX Runtime on every core
 * @param options.resume continues from the folder's checkpoint with the same bits; starts a new run if there is none
 * @param options.overwrite deletes a run that is in the folder
 * @throws UsageError if the folder holds a run and neither is set, or if the data lack clips of the checkpoint's
 * @example
 * import { writeFileSync } from "node:fs";
 * import { extractFeatures, frontEnd, netConfig, trainTagger } from "timbrel";
 *
 * const rows = ["A4", "A5", "A6", "C5", "C6", "E4"].flatMap((note) =>
 *   ["flute", "violin"].map((label) => `node_modules/tonejs-instrument-${label}-wav/${note}.wav,${label}`),
 * );
 * writeFileSync("notes.csv", ["path,label", ...rows].join("\n"));
 * const { store } = await extractFeatures("notes.csv", "features", { frontEnd: frontEnd({ nMels: 32 }) });
 * const config = { net: netConfig({ kind: "mlp", units: [8] }), epochs: 2 };
 * const { history, modelPath } = await trainTagger(store, "run", { config });
 * console.log(history.length, modelPath); // -> 2 run/model.onnx
 */
export async function trainTagger(
  store: FeatureStore,
  outDir: string,
  options: {
    config?: Partial<TrainConfig>;
    resume?: boolean;
    overwrite?: boolean;
    engine?: Engine;
    signal?: AbortSignal;
  } & TrainEvents = {},
): Promise<TrainResult> {
  const { engine = nodeEngine(), signal, config = {}, onStep } = options;
  const paths = runPaths(outDir);
  const resume = checkpointToResume(outDir, options);
  const { task, ended, history, checkpoint } = await trainModel(store, config, {
    engine,
    signal,
    resume,
    onStep,
    async onStart(run) {
      // Nothing is written or deleted before all settings have been checked.
      ensureFolder(outDir);
      if (resume === null) for (const path of Object.values(paths)) rmSync(path, { force: true });
      options.onStart?.(run);
      if (existsSync(paths.linear)) return;
      const { seed } = run.config;
      const linear = await trainLinearBaseline(run.sets, { task: run.task, seed, engine, signal });
      if (linear !== null) writeAtomically(paths.linear, linear);
    },
    onEpoch(record, { isBest, checkpoint, model }) {
      if (isBest) writeAtomically(paths.model, encodeModel(model));
      writeAtomically(paths.checkpoint, encodeCheckpoint(checkpoint));
      const lines = checkpoint.state.history.map((line) => `${JSON.stringify(line)}\n`);
      writeFileSync(paths.metrics, lines.join(""));
      return options.onEpoch?.(record, isBest);
    },
  }).catch((error: unknown) => {
    if (!(error instanceof DivergedError)) throw error;
    writeAtomically(paths.diverged, encodeSafetensors(new Map(error.divergence.tensors), {}));
    const kept = `the last weights with a finite loss are kept in ${paths.diverged}`;
    const { setting, rule, got, remedy, divergence } = error;
    throw new DivergedError({ setting, rule, got, remedy: `${remedy}; ${kept}` }, divergence);
  });
  return { task, ended, bestEpoch: checkpoint.state.best.epoch, history, modelPath: paths.model };
}
