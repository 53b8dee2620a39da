import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../../src/runtime/engine.js";
import type { FeatureStore } from "../../src/store/store.js";
import type { TrainConfig } from "../../src/training/config.js";
import { RUN_FILES } from "../../src/training/run-folder.js";
import { trainTagger } from "../../src/training/train-tagger.js";
import { ENGINE } from "../engine.js";
import { makeFolder } from "../store/files.js";
import { tinyConfig } from "./tiny-store.js";

/** The content of every file that a run wrote. */
export const filesOf = (dir: string) =>
  Object.fromEntries(
    Object.values(RUN_FILES)
      .filter((file) => existsSync(join(dir, file)))
      .map((file) => [file, readFileSync(join(dir, file)).toString("hex")]),
  );

export const checkpointPath = (dir: string) => join(dir, RUN_FILES.checkpoint);

/** Runs from start to end, in a new folder. */
export async function runWhole(
  store: FeatureStore,
  changes: Partial<TrainConfig> = {},
  options: { engine?: Engine } = {},
) {
  const dir = makeFolder();
  const result = await trainTagger(store, dir, { engine: ENGINE, ...options, config: tinyConfig(changes) });
  return { dir, result, files: filesOf(dir) };
}
