import { Command } from "commander";
import { DataError } from "../core/errors.js";
import { describeDifference, frontEndHash } from "../features/front-end.js";
import { type FeatureStore, openStore } from "../store/store.js";
import type { ModelInfo } from "../tagging/model-file.js";
import { commandLine } from "./command-line.js";
import { withFlags } from "./flag-names.js";
import { addFrontEndOptions, frontEndFlags } from "./front-end-options.js";

/**
 * Opens a store of a model's front end.
 * @throws DataError with the command that makes one, if it is of another front end
 */
export function openMatchingStore(
  dir: string,
  { frontEnd }: Pick<ModelInfo, "frontEnd">,
  modelPath: string,
): FeatureStore {
  const store = openStore(dir);
  if (frontEndHash(frontEnd) === store.frontEndHash) return store;
  const extract = addFrontEndOptions(new Command());
  const difference = withFlags(describeDifference(store.frontEnd, frontEnd), extract);
  throw new DataError(
    dir,
    `holds features of a different front end from ${modelPath} (${difference}); extract them again: ${commandLine("extract", ["<audio>", "--out", "<new store>", ...frontEndFlags(frontEnd)])}`,
  );
}
