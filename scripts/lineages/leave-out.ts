import { DataError } from "../../src/core/errors.js";
import { sha256Hex } from "../../src/core/hash.js";
import type { FeatureData } from "../../src/dataset/feature-data.js";
import { answerSet, setOf } from "../../src/evaluation/answer-set.js";
import type { Engine } from "../../src/runtime/engine.js";
import { encodeModel, type TrainedModel } from "../../src/tagging/model-file.js";
import type { TrainConfig } from "../../src/training/config.js";
import { trainModel } from "../../src/training/train-model.js";
import { foldOf } from "./folds.js";
import { type FoldResult, resultKey } from "./results.js";

/**
 * Trains a model without one lineage and scores it on that lineage. The best epoch is chosen, and the model is calibrated, on
 * held-out groups of the other lineages, as for any model: the lineage that is left out chooses nothing.
 * @param options.onEpoch called with the number of epochs that are done
 */
export async function leaveOut(
  data: FeatureData,
  lineage: string,
  options: { config: TrainConfig; engine: Engine; onEpoch?: (done: number) => void },
): Promise<{ result: FoldResult; model: TrainedModel; bytes: Uint8Array }> {
  const { config, engine, onEpoch } = options;
  const { seed } = config;
  const fold = foldOf(data, lineage, seed);
  const { model } = await trainModel(fold.data, config, {
    engine,
    onEpoch: ({ epoch }) => onEpoch?.(epoch),
  });
  if (model === null) throw new Error("a run that nothing stops has a model");
  const { info } = model;
  const test = fold.data.clips.filter(({ split }) => split === "test");
  const { scores } = await answerSet(model, setOf(fold.data, test, info), { engine });
  if (scores.task !== "single-label")
    throw new DataError(data.name, "holds clips with several labels; only single labels are scored here");
  const { balancedAccuracy, intervals, perLabel, nClips, nGroups } = scores;
  const bytes = encodeModel(model);
  const result = {
    key: resultKey(config, data),
    lineage,
    seed,
    balancedAccuracy,
    interval: intervals.balancedAccuracy ?? null,
    recalls: Object.fromEntries(Object.entries(perLabel).map(([label, { recall }]) => [label, recall])),
    nClips,
    nGroups,
    epoch: info.epoch,
    modelHash: sha256Hex(bytes),
    config,
  };
  return { result, model, bytes };
}
