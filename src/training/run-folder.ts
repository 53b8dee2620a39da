import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../core/errors.js";
import { type Checkpoint, decodeCheckpoint } from "./checkpoint.js";

/** Names of the files that a run writes into its folder. */
export const RUN_FILES = {
  model: "model.onnx",
  linear: "model.linear.onnx",
  checkpoint: "checkpoint.safetensors",
  metrics: "metrics.jsonl",
  /** Charts of the layer statistics, if the run records them. */
  watch: "watch.html",
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
  return existsSync(path) ? decodeCheckpoint(readFileSync(path), path) : null;
}
