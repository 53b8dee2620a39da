import { existsSync } from "node:fs";
import { DataError, UsageError } from "../core/errors.js";
import { checkObject } from "../core/inputs.js";
import { abortSignal, boolean, callback, checkOptions, optional } from "../core/setting-checks.js";
import { checkData } from "../dataset/feature-data.js";
import type { ClipSplits } from "../dataset/splits.js";
import type { Task } from "../nn/training-step.js";
import { type Engine, engineOption } from "../runtime/engine.js";
import { nodeEngine } from "../runtime/node.js";
import { removeFile, writeAtomically } from "../store/atomic-file.js";
import { whileLocked } from "../store/folder-lock.js";
import { pathOf } from "../store/path-of.js";
import { readModelFile } from "../store/read-files.js";
import { checkIsNoStore, type FeatureStore } from "../store/store.js";
import type { Calibration } from "../tagging/calibration.js";
import { decodeLinearModel } from "../tagging/linear-model.js";
import { checkModel, type TrainedModel } from "../tagging/model-file.js";
import { checkSettingsApart, type TrainSettings } from "./config.js";
import { DivergedError, type EpochAnswer, type EpochRecord, type FitResult, type StepReport } from "./fit.js";
import { trainLinearBaseline } from "./linear-baseline.js";
import {
  checkpointToResume,
  removeDerived,
  removeRunParts,
  repairDerived,
  runPaths,
  writeEpoch,
  writeEvents,
  writeModel,
  writeSplit,
} from "./run-folder.js";
import { encodeSafetensors } from "./safetensors.js";
import { type RunStart, trainModel } from "./train-model.js";

/** Events of a run. */
export interface TrainEvents {
  /** Called once, when the run is set up. */
  onStart?: (run: RunStart) => void;
  /** Called after every step. */
  onStep?: (report: StepReport) => void;
  /** Called after every epoch, once its checkpoint is written; may return "stop" to end the run. */
  onEpoch?: (record: EpochRecord, isBest: boolean) => EpochAnswer;
}

/** Options of `trainTagger`. */
export interface TrainTaggerOptions extends TrainEvents {
  /** Settings that differ from the defaults; with `resume` the checkpoint has them: only `epochs` and `patience` may change. */
  readonly config?: TrainSettings;
  /**
   * Continues from the folder's checkpoint with the same bits, and makes the run's other files again if they are missing
   * or damaged. Starts a new run if there is neither a checkpoint nor a model. @default false
   */
  readonly resume?: boolean;
  /** Replaces a run that is in the folder, once the first epoch is done. @default false */
  readonly overwrite?: boolean;
  /**
   * Writes every epoch's numbers for TensorBoard, too, to the folder `tensorboard` in the run's. A resumed run that has
   * this folder goes on with it. @default false
   */
  readonly tensorboard?: boolean;
  /** A model to start from, as in `trainModel`; a resumed run needs the one that it started from. @default none */
  readonly from?: TrainedModel;
  /** @default ONNX Runtime on every core */
  readonly engine?: Engine;
  /** After an abort the run ends after its current step; that epoch is lost. */
  readonly signal?: AbortSignal;
}

/** A run's outcome. */
export interface TrainResult {
  readonly task: Task;
  readonly ended: FitResult["ended"];
  readonly bestEpoch: number;
  readonly history: readonly EpochRecord[];
  /** null if the run was interrupted: a resumed run calibrates its model at its end. */
  readonly calibration: Calibration | null;
  readonly modelPath: string;
}

/**
 * Trains a tagger on a feature store as `trainModel` does, and writes to a folder: a checkpoint after every epoch, the
 * model of the best epoch, which is calibrated at the end, and the linear baseline next to it. A report and a model card
 * are written by the command line alone.
 *
 * @param outDir the run's folder; created if missing
 * @throws UsageError if the folder is a feature store, or holds a run that is to be neither resumed nor overwritten, or if the data lack
 * clips of the checkpoint's
 * @throws DataError if another run is writing to the folder, or it cannot be written
 * @example
 * import { readFileSync, writeFileSync } from "node:fs";
 * import { decodeModel, extractFeatures, frontEnd, netConfig, trainTagger } from "timbrel";
 *
 * const rows = ["A4", "A5", "A6", "C5", "C6", "E4"].flatMap((note) =>
 *   ["flute", "violin"].map((label) => `node_modules/tonejs-instrument-${label}-wav/${note}.wav,${label}`),
 * );
 * writeFileSync("notes.csv", ["path,label", ...rows].join("\n"));
 * const { store } = await extractFeatures("notes.csv", "features", { frontEnd: frontEnd({ nMels: 32 }) });
 * const config = { net: netConfig({ kind: "mlp", units: [8] }), epochs: 2 };
 * const { history, modelPath } = await trainTagger(store, "run", { config });
 * console.log(history.length, modelPath); // -> 2 run/model.onnx
 *
 * // With fewer clips of your own, start from a model; the features must be those of its front end.
 * const from = decodeModel(readFileSync("models/instruments.onnx"), "models/instruments.onnx");
 * const { store: own } = await extractFeatures("notes.csv", "own", { frontEnd: from.info.frontEnd });
 * const tuned = await trainTagger(own, "tuned", { from, config: { epochs: 2, start: { freeze: "body" } } });
 * console.log(tuned.history.length, tuned.modelPath); // -> 2 tuned/model.onnx
 */
export async function trainTagger(
  store: FeatureStore,
  outDir: string | URL,
  options: TrainTaggerOptions = {},
): Promise<TrainResult> {
  checkData(store);
  const dir = pathOf("outDir", outDir);
  checkSettingsApart(options);
  checkOptions<TrainTaggerOptions>(options, {
    config: optional((setting, value) => checkObject(setting, value, "be an object of settings")),
    resume: optional(boolean),
    overwrite: optional(boolean),
    tensorboard: optional(boolean),
    from: optional((_, value) => checkModel(value)),
    engine: optional(engineOption),
    signal: optional(abortSignal),
    onStart: optional(callback),
    onStep: optional(callback),
    onEpoch: optional(callback),
  });
  if (options.resume && options.overwrite)
    throw new UsageError({
      setting: "overwrite",
      rule: "be used without `resume`",
      got: "both",
      remedy: "leave out one of them",
    });
  checkIsNoStore("outDir", dir);
  return await whileLocked(dir, () => trainLocked(store, dir, options));
}

/** Trains into a folder that no other run writes to. */
async function trainLocked(
  store: FeatureStore,
  outDir: string,
  options: TrainTaggerOptions,
): Promise<TrainResult> {
  const { engine = nodeEngine(), signal, config = {}, from, onStep } = options;
  const paths = runPaths(outDir);
  removeRunParts(outDir);
  const resume = checkpointToResume(outDir, options);
  const hasEvents = () => options.tensorboard === true || existsSync(paths.events);
  let linear: Uint8Array | null = null;
  let splits: ClipSplits | undefined;
  const { model, task, ended, history, checkpoint } = await trainModel(store, config, {
    engine,
    signal,
    resume,
    from,
    onStep,
    async onStart(run) {
      // Nothing is written or deleted before all settings have been checked.
      if (resume === null) removeFile(paths.diverged);
      else repairDerived(paths, resume, run);
      if (resume !== null && hasEvents()) writeEvents(paths, resume);
      splits = run.splits;
      options.onStart?.(run);
      if (resume !== null && isBaselineOf(paths.linear, run)) return;
      const { seed, validFraction, testFraction } = run.config;
      const split = { seed, validFraction, testFraction, hash: run.splits.hash };
      linear = await trainLinearBaseline(run.sets, { task: run.task, seed, split, engine, signal });
      if (resume !== null && linear !== null) writeAtomically(paths.linear, linear);
    },
    onEpoch(record, { isBest, checkpoint, model }) {
      // A run that is overwritten is kept until there is a checkpoint to put in its place.
      if (record.epoch === 1) removeDerived(paths);
      writeEpoch(paths, { checkpoint, model, isBest });
      if (hasEvents()) writeEvents(paths, checkpoint);
      if (record.epoch === 1) {
        writeSplit(paths, splits!);
        if (linear !== null) writeAtomically(paths.linear, linear);
      }
      return options.onEpoch?.(record, isBest);
    },
  }).catch((error: unknown) => {
    if (error instanceof DataError && error.path === "checkpoint")
      throw new DataError(paths.checkpoint, `${error.reason}; start a new run`, { cause: error });
    if (!(error instanceof DivergedError)) throw error;
    writeAtomically(paths.diverged, encodeSafetensors(new Map(error.divergence.tensors), {}));
    const kept = `the last weights with a finite loss are kept in ${paths.diverged}`;
    const { setting, rule, got, remedy, divergence } = error;
    throw new DivergedError({ setting, rule, got, remedy: `${remedy}; ${kept}` }, divergence);
  });
  if (model !== null && ended !== "interrupted") writeModel(paths, model);
  const { epoch: bestEpoch } = checkpoint.state.best;
  const calibration = model?.info.calibration ?? null;
  return { task, ended, bestEpoch, history, calibration, modelPath: paths.model };
}

/** Whether the file of a run's linear baseline is there, undamaged and of this version. */
function isBaselineOf(path: string, { task, sets, splits }: RunStart): boolean {
  if (!existsSync(path)) return false;
  try {
    const { info } = decodeLinearModel(readModelFile(path), path);
    const found = [info.task, info.labels, info.split.hash];
    return JSON.stringify(found) === JSON.stringify([task, sets.train.labels, splits.hash]);
  } catch (error) {
    if (error instanceof DataError) return false;
    throw error;
  }
}
