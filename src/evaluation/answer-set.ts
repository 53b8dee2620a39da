import { DataError } from "../core/errors.js";
import type { Clip } from "../dataset/clip.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { type FeatureSet, featureSets } from "../dataset/feature-set.js";
import { labelText, lacksLabels } from "../dataset/known-labels.js";
import { describeDifference, frontEndHash } from "../features/front-end.js";
import type { Engine } from "../runtime/engine.js";
import { linearGraph } from "../tagging/linear-model.js";
import { modelGraph, segmentsPerRun } from "../tagging/model-file.js";
import { type AnyModel, isLinear } from "../tagging/open-tagger.js";
import { type AnsweredSet, evaluateLinear, evaluateNet } from "./evaluate.js";

/** @throws DataError naming the settings in which the data's front end differs from the model's */
export function checkFrontEnd({ info }: AnyModel, data: FeatureData, name = "the model"): void {
  if (frontEndHash(info.frontEnd) !== data.frontEndHash)
    throw new DataError(
      data.name,
      `holds features of another front end than ${name}'s (${describeDifference(data.frontEnd, info.frontEnd)}); extract them again with ${name}'s`,
    );
}

/**
 * The set of some clips of the data, over a model's labels.
 * @throws DataError if the model gives each clip one label, and some labels of a clip are not known
 */
export function setOf(
  data: FeatureData,
  clips: readonly Clip[],
  { task, labels }: Pick<AnyModel["info"], "task" | "labels">,
): FeatureSet {
  const clip = task === "single-label" ? clips.find(lacksLabels) : undefined;
  if (clip !== undefined)
    throw new DataError(
      data.name,
      `holds clips of which some labels are not known, e.g. ${clip.name} labelled ${labelText(clip)}, but the model gives each clip one label; score it on clips whose labels are all known`,
    );
  return featureSets(data, { train: [], valid: [], test: clips, hash: "" }, labels).test;
}

/** Answers a set with a model, and scores the answers. */
export async function answerSet(
  model: AnyModel,
  set: FeatureSet,
  {
    engine,
    name = "model",
    onProgress,
  }: { engine: Engine; name?: string; onProgress?: ((done: number, total: number) => void) | undefined },
): Promise<AnsweredSet> {
  if (isLinear(model)) {
    const { task } = model.info;
    const answered = await evaluateLinear(linearGraph(model, model.info), set, { engine, task, name });
    onProgress?.(set.clips.length, set.clips.length);
    return { ...answered, novelties: set.clips.map(() => null) };
  }
  const { task, segmentFrames, calibration } = model.info;
  return evaluateNet(modelGraph(model), set, {
    ...{ engine, task, segmentFrames, thresholds: calibration?.thresholds, name, onProgress },
    maxSegments: segmentsPerRun(model),
  });
}
