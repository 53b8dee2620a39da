import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { csvText } from "../core/csv.js";
import { DataError, UsageError } from "../core/errors.js";
import { isBackground, labelText } from "../dataset/known-labels.js";
import { SPLITS } from "../dataset/split-names.js";
import type { ClipSplits } from "../dataset/splits.js";
import { removeFile, removeParts, writeAtomically } from "../store/atomic-file.js";
import { growFile } from "../store/grow-file.js";
import { checkSize } from "../store/read-files.js";
import { onDisk } from "../store/system-errors.js";
import { decodeModel, encodeModel, type TrainedModel, uncalibrated } from "../tagging/model-file.js";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.js";
import { encodeEvents } from "./event-file.js";

/** Names of the files that a run writes into its folder. The checkpoint is written first; the others are made from it. */
export const RUN_FILES = {
  model: "model.onnx",
  linear: "model.linear.onnx",
  checkpoint: "checkpoint.safetensors",
  metrics: "metrics.jsonl",
  /** Which clip is in which split. */
  split: "split.csv",
  /** Scores, mistakes and worst clips, as a page and as numbers; the command line writes them. */
  report: "report.html",
  numbers: "report.json",
  card: "MODEL_CARD.md",
  /** Charts of the layer statistics, if the run records them. */
  watch: "watch.html",
  /** Every epoch's numbers for TensorBoard, if they are asked for. */
  events: "tensorboard/events.out.tfevents.timbrel",
  /** The last weights with a finite loss, if the run diverged. */
  diverged: "diverged.safetensors",
} as const;

/** Path of each of a run's files. */
export type RunPaths = Readonly<Record<keyof typeof RUN_FILES, string>>;

/** Paths of the files of a run in this folder. */
export function runPaths(outDir: string): RunPaths {
  return Object.fromEntries(
    Object.entries(RUN_FILES).map(([file, name]) => [file, join(outDir, name)]),
  ) as RunPaths;
}

/** Path of a model's linear baseline: `<name>.linear.onnx` next to `<name>.onnx`. */
export function linearBaselinePath(modelPath: string): string {
  return modelPath.replace(/(\.onnx)?$/, ".linear.onnx");
}

/**
 * Returns the checkpoint to resume from; null for a new run.
 * @throws UsageError if the folder holds a run that is to be neither resumed nor overwritten
 */
export function checkpointToResume(
  outDir: string,
  { resume = false, overwrite = false }: { resume?: boolean | undefined; overwrite?: boolean | undefined },
): Checkpoint | null {
  const paths = runPaths(outDir);
  const found = (["checkpoint", "model"] as const).find((file) => existsSync(paths[file]));
  // A model alone cannot be resumed, and is not thrown away unasked.
  if (found !== undefined && !overwrite && !(resume && found === "checkpoint")) {
    const goOn = found === "checkpoint" ? "continue the run with `resume`, or " : "";
    throw new UsageError({
      setting: "outDir",
      rule: "be a folder without a run",
      got: `${outDir}, which holds ${RUN_FILES[found]}`,
      remedy: `${goOn}replace it with \`overwrite\``,
    });
  }
  return resume ? readCheckpoint(paths.checkpoint) : null;
}

/**
 * Reads the checkpoint in a file; null if the file does not exist.
 * @throws DataError if the file is damaged, or from another version
 */
export function readCheckpoint(path: string): Checkpoint | null {
  if (!existsSync(path)) return null;
  checkSize(path, "a checkpoint");
  const bytes = onDisk("read", path, () => readFileSync(path));
  return decodeCheckpoint(bytes, path);
}

/** Removes what killed runs had written of their files when they died. */
export function removeRunParts(outDir: string): void {
  const paths = Object.values(runPaths(outDir));
  for (const dir of new Set(paths.map((path) => dirname(path))))
    if (existsSync(dir)) removeParts(dir, (name) => paths.includes(join(dir, name)));
}

/** Removes what is made from a checkpoint, before the checkpoint of another run takes its place. */
export function removeDerived({ checkpoint: _, ...derived }: RunPaths): void {
  for (const path of Object.values(derived)) removeFile(path);
}

/** Writes which clip is in which split, once the run's first checkpoint is there. */
export function writeSplit({ split }: RunPaths, splits: ClipSplits): void {
  writeAtomically(split, splitText(splits));
}

/** Writes the state of a run after an epoch: the checkpoint, then what is made from it. */
export function writeEpoch(
  paths: RunPaths,
  { checkpoint, model, isBest }: { checkpoint: Checkpoint; model: TrainedModel; isBest: boolean },
): void {
  writeAtomically(paths.checkpoint, encodeCheckpoint(checkpoint));
  if (isBest) writeAtomically(paths.model, encodeModel(model));
  writeAtomically(paths.metrics, metricsText(checkpoint));
}

/**
 * Makes the model, the metrics and the list of the splits of a checkpoint again where they are missing, damaged or older:
 * a run that was killed may have written only the checkpoint. A model that is calibrated stays so; one that is made again
 * is calibrated at the end of the run.
 */
export function repairDerived(
  paths: RunPaths,
  checkpoint: Checkpoint,
  { model, splits }: { model: TrainedModel | null; splits: ClipSplits },
): void {
  if (model !== null && !holdsCalibrated(paths.model, model)) writeModel(paths, model);
  writeIfOther(paths.metrics, metricsText(checkpoint));
  writeIfOther(paths.split, splitText(splits));
}

/** Writes the epochs of a checkpoint for TensorBoard, or adds those that its file lacks. */
export function writeEvents(paths: RunPaths, { state }: Checkpoint): void {
  growFile(paths.events, encodeEvents(state.history));
}

/** Writes a run's model, unless the file is that already. */
export function writeModel(paths: RunPaths, model: TrainedModel): void {
  writeIfOther(paths.model, encodeModel(model));
}

/** Whether a file holds a model with a calibration, and the same as this one but for that. */
function holdsCalibrated(path: string, model: TrainedModel): boolean {
  if (!existsSync(path)) return false;
  try {
    const found = uncalibrated(decodeModel(readFileSync(path), path));
    return Buffer.compare(encodeModel(found), encodeModel(model)) === 0;
  } catch (error) {
    if (error instanceof DataError) return false;
    throw error;
  }
}

function writeIfOther(path: string, content: Uint8Array | string): void {
  if (!existsSync(path) || !readFileSync(path).equals(Buffer.from(content))) writeAtomically(path, content);
}

function metricsText({ state: { history } }: Checkpoint): string {
  return history.map((record) => `${JSON.stringify(record)}\n`).join("");
}

/**
 * The splits as a table with the columns of a manifest; `absent` is among them if it is needed. Background is left out, since
 * a manifest cannot list clips of no class. Its groups are those that
 * were kept together: groups that hold copies of one clip are joined.
 */
function splitText(splits: ClipSplits): string {
  const namesAbsent = SPLITS.some((split) => splits[split].some(({ absentLabels }) => absentLabels));
  const head = ["path", "label", "group", "split", ...(namesAbsent ? ["absent"] : [])];
  const rows = SPLITS.flatMap((split) =>
    splits[split]
      .filter((clip) => !isBackground(clip))
      .map(({ name, labels, unknownLabels = [], absentLabels = [], group }) => [
        ...[name, labelText({ labels, unknownLabels }), group, split],
        ...(namesAbsent ? [absentLabels.join("|")] : []),
      ]),
  );
  return csvText([head, ...rows]);
}
