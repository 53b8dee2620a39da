import type { Engine } from "../runtime/engine.js";
import { removeFile, writeAtomically } from "../store/atomic-file.js";
import { whileLocked } from "../store/folder-lock.js";
import { checkIsNoStore, type FeatureStore } from "../store/store.js";
import type { TrainedModel } from "../tagging/model-file.js";
import { trainLinearBaseline } from "./linear-baseline.js";
import {
  checkpointToResume,
  removeDerived,
  removeRunParts,
  runPaths,
  writeModel,
  writeSplit,
} from "./run-folder.js";
import { type HeadRun, type TrainHeadOptions, trainHead } from "./train-head.js";

/**
 * Gives a model a new head as `trainHead` does, and writes to the folder of a run: the model, the list of the splits, and the
 * linear baseline. There is no checkpoint, since there is nothing to resume.
 * @throws UsageError if the folder holds a run that is not to be overwritten
 * @throws DataError if another run is writing to the folder, or it cannot be written
 */
export async function trainHeadInto(
  outDir: string,
  store: FeatureStore,
  from: TrainedModel,
  { overwrite, ...options }: TrainHeadOptions & { overwrite: boolean },
): Promise<HeadRun & { modelPath: string }> {
  checkIsNoStore("outDir", outDir);
  return await whileLocked(outDir, async () => {
    removeRunParts(outDir);
    checkpointToResume(outDir, { overwrite });
    const paths = runPaths(outDir);
    const head = await trainHead(store, from, options);
    const linear = await baselineOf(head, options.engine);
    removeFile(paths.checkpoint);
    removeDerived(paths);
    writeSplit(paths, head.splits);
    if (linear !== null) writeAtomically(paths.linear, linear);
    writeModel(paths, head.model);
    return { ...head, modelPath: paths.model };
  });
}

async function baselineOf({ model, sets, task }: HeadRun, engine: Engine): Promise<Uint8Array | null> {
  const { seed, validFraction, testFraction, hash } = model.info.split;
  const split = { seed, validFraction, testFraction, hash };
  return await trainLinearBaseline(sets, { task, seed, split, engine });
}
