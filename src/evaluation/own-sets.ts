import { DataError } from "../core/errors.js";
import { groupBy } from "../core/group-by.js";
import type { Clip } from "../dataset/clip.js";
import { checkData, type FeatureData } from "../dataset/feature-data.js";
import { type FeatureSet, featureSets } from "../dataset/feature-set.js";
import { addClips } from "../tagging/model-clips.js";
import { checkModel, type TrainedModel } from "../tagging/model-file.js";
import { checkFrontEnd } from "./answer-set.js";
import { chooseClips, ownSplits } from "./choose-clips.js";

/**
 * The sets that a model was trained and validated on, as far as their clips are in the data. The data may have more clips; if they
 * have changed, clips with the same audio count once, since some may be new.
 * @throws DataError if the data hold none of the training clips or of the validation clips, if they have another front end
 *   than the model, or if they do not split as they did for training and the model does not say which were its validation
 *   clips
 * @example
 * import { featuresInMemory, frontEnd, netConfig, nodeEngine, ownSets, trainModel } from "timbrel";
 *
 * const clips = Array.from({ length: 12 }, (_, i) => {
 *   const features = { shape: [8, 2], data: new Float32Array(16).fill((i % 2) + i / 100) };
 *   return { name: `${i}`, labels: [i % 2 === 0 ? "quiet" : "loud"], features };
 * });
 * const data = featuresInMemory(frontEnd({ nMels: 2 }), clips);
 * const config = { net: netConfig({ kind: "mlp", units: [8] }), segmentFrames: 8, epochs: 1 };
 * const { model } = await trainModel(data, config, { engine: nodeEngine() });
 * const { train, valid } = ownSets(model!, data);
 * console.log(train.clips.length, valid.clips.length); // -> 8 2
 */
export function ownSets(
  model: TrainedModel,
  data: FeatureData,
): { train: FeatureSet<"train">; valid: FeatureSet<"valid"> } {
  checkModel(model);
  checkData(data);
  checkFrontEnd(model, data);
  const { info } = model;
  if (info.validClips === undefined && ownSplits(data.clips, info) === null)
    throw new DataError(
      data.name,
      "holds other clips or splits than when the model was trained, and the model does not say which clips chose its epoch; use the data that it was trained on, unchanged",
    );
  const [train, valid] = (["train", "valid"] as const).map((part) => {
    const { clips, background, seenIn, isExternal } = chooseClips(data, info, part);
    const found = [...clips, ...background];
    if (seenIn === part && clips.length > 0) return isExternal ? withoutCopies(found) : found;
    const which = part === "train" ? "training" : "validation";
    throw new DataError(
      data.name,
      `holds none of the ${which} clips of the model; use the data that it was trained on`,
    );
  });
  return featureSets(data, { train, valid, test: [], hash: "" }, info.labels);
}

/** The first of the clips with each audio. */
const withoutCopies = (clips: readonly Clip[]): Clip[] =>
  [...groupBy(clips, ({ audioHash }) => audioHash).values()].map(([first]) => first);

/**
 * Records the validation clips in a model of an older version, which did not. They stay unknown if the data do not split as
 * they did for training, or if the model was trained on other clips, too.
 */
export function recordValidClips(model: TrainedModel, data: FeatureData): TrainedModel {
  const { info } = model;
  const own = info.validClips === undefined ? ownSplits(data.clips, info) : null;
  const recorded = (clips: readonly Clip[]) =>
    addClips(
      "",
      clips.map(({ audioHash }) => audioHash),
    );
  if (own === null || recorded(own.train) !== info.trainClips) return model;
  return { ...model, info: { ...info, validClips: recorded(own.valid) } };
}
