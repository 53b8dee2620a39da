import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../core/errors.js";
import { type Checkpoint, decodeCheckpoint } from "./checkpoint.js";

/** Names of what a run writes into its folder. */
export const RUN_FILES = {
  model: "model.onnx",
  linear: "model.linear.onnx",
  checkpoint: "checkpoint.safetensors",
  metrics: "metrics.jsonl",
  /** The flow through the layers of a watched run, drawn. */
  watch: "watch.html",
  /** The last weights whose loss was finite, of a run that came to grief. */
  diverged: "diverged.safetensors",
} as const;

/** Path of each of a run's files. */
export type RunPaths = Readonly<Record<keyof typeof RUN_FILES, string>>;

/** Where a run in this folder writes. */
export function runPaths(outDir: string): RunPaths {
  return Object.fromEntries(
    Object.entries(RUN_FILES).map(([file, name]) => [file, join(outDir, name)]),
  ) as RunPaths;
}

/** Where the linear baseline of a model lies: `<name>.linear.onnx` beside `<name>.onnx`. */
export function linearBaselinePath(modelPath: string): string {
  return modelPath.replace(/(\.onnx)?$/, ".linear.onnx");
}

/**
 * The checkpoint to go on from; null for a run that begins.
 * @throws UsageError if the folder holds a run that is neither to be resumed nor to be overwritten
 */
export function checkpointToResume(
  outDir: string,
  { resume = false, overwrite = false }: { resume?: boolean | undefined; overwrite?: boolean | undefined },
): Checkpoint | null {
  const paths = runPaths(outDir);
  const found = (["checkpoint", "model"] as const).find((file) => existsSync(paths[file]));
  if (found !== undefined && !resume && !overwrite)
    throw new UsageError({
      setting: "outDir",
      rule: "be a folder without a run",
      got: `${outDir}, which holds ${RUN_FILES[found]}`,
      remedy: "go on with `resume`, or replace the run with `overwrite`",
    });
  return resume ? readCheckpoint(paths.checkpoint) : null;
}

/**
 * The checkpoint in a file; null if there is none.
 * @throws DataError if the file is damaged, or of another version
 */
export function readCheckpoint(path: string): Checkpoint | null {
  return existsSync(path) ? decodeCheckpoint(readFileSync(path), path) : null;
}
