import { Command } from "commander";
import { DataError } from "../core/errors.js";
import { describeDifference, type FrontEnd, frontEndHash } from "../features/front-end.js";
import type { FeatureStore } from "../store/store.js";
import { commandLine } from "./command-line.js";
import { withFlags } from "./flag-names.js";
import { addFrontEndOptions } from "./front-end-options.js";

/** @throws DataError unless the features in a store are those of the model's front end */
export function checkStoreFits(
  store: FeatureStore,
  { info: { frontEnd } }: { readonly info: { readonly frontEnd: FrontEnd } },
  modelPath: string,
): void {
  if (frontEndHash(frontEnd) === store.frontEndHash) return;
  const extract = addFrontEndOptions(new Command());
  const difference = withFlags(describeDifference(store.frontEnd, frontEnd), extract);
  throw new DataError(
    store.dir,
    `holds features of a different front end from ${modelPath} (${difference}); extract them again: ${commandLine("extract", ["<audio>", "--out", "<new store>", "--model", modelPath])}`,
  );
}
